// Entities as the stores hold them, for tests of delivery and channels.
import { encodeContent, Kind, Label, toHex, txDigestOf, utf8, sha256, type Line } from "@countersign/protocol";
import type { Key } from "../../identity/key.ts";
import type { Link } from "../../identity/link.ts";
import type { Tenant } from "../../identity/tenant.ts";
import type { User } from "../../identity/user.ts";
import type { FrozenPolicy } from "../../policy/policy.ts";
import { shardOfUser, type HexId, type UnixMs } from "../../store/entity.ts";
import type { Transaction } from "../../transaction/transaction.ts";

export const NOW: UnixMs = Date.UTC(2026, 10, 22, 14, 30, 0);
export const TENANT: HexId = idOf("tenant");
export const BOT: HexId = idOf("bot telegram");
export const USER = "alice";
export const LINES: readonly Line[] = [
  { label: Label.AMOUNT, value: "EUR 1 250.00" },
  { label: Label.TO, value: "Müller GmbH" },
  { label: Label.ACCOUNT, value: "DE89 3704 0044 0532 0130 00" },
];

const CORE_LINES: Partial<Record<Kind, readonly Line[]>> = {
  [Kind.LINK]: [
    { label: Label.CHANNEL, value: "telegram" },
    { label: Label.ADDRESS, value: "4242" },
  ],
  [Kind.UNLINK]: [{ label: Label.CHANNEL, value: "telegram" }],
  [Kind.THAW]: [{ label: Label.ACTION, value: "Thaw confirmations" }],
};

/** 32 hexadecimal digits for a name. */
export function idOf(name: string): HexId {
  return toHex(sha256(utf8(name)).subarray(0, 16));
}

/** A transaction's id in its user's shard. */
export function txIdOf(name: string, userId: string = USER): HexId {
  return shardOfUser(TENANT, userId).toString(16).padStart(4, "0") + idOf(name).slice(4);
}

export function aPolicy(over: Partial<FrozenPolicy> = {}): FrozenPolicy {
  return {
    policyVersion: 1,
    digits: 6,
    tries: 3,
    claimByMs: 600_000,
    resends: 3,
    resendAfterMs: 60_000,
    channelTimeoutMs: 20_000,
    channels: ["telegram", "matrix", "mail", "sms", "sandbox"],
    userVerification: "pin",
    wrongCodesInARow: 5,
    highValue: false,
    ...over,
  };
}

/** A PENDING payment in mode B, its first code issued, 140 s to live. */
export function aTransaction(over: Partial<Omit<Transaction, "state">> = {}): Transaction {
  const kind = over.kind ?? Kind.PAY;
  const content = encodeContent({ version: 1, issuer: "Acme Bank", kind, lines: CORE_LINES[kind] ?? LINES });
  return {
    txId: txIdOf("tx1"),
    tenantId: TENANT,
    userId: USER,
    createdBy: idOf("app"),
    createdAt: NOW,
    nonce: sha256(utf8("nonce")),
    kind: Kind.PAY,
    fields: [],
    content,
    txDigest: txDigestOf(content),
    tag: "AMBER TIGER",
    mode: "B",
    keyIds: [],
    policy: aPolicy(),
    repeatOf: undefined,
    action: undefined,
    version: 1,
    issue: { epoch: 1, n: 1 },
    superseded: [],
    resends: 0,
    lastIssueAt: NOW,
    triesLeft: 3,
    expiresAt: NOW + 140_000,
    lastRefusal: undefined,
    lateVeto: undefined,
    ...over,
    state: "PENDING",
  };
}

export function aLink(name: string, over: Partial<Link> = {}): Link {
  return {
    linkId: idOf(`link ${name}`),
    tenantId: TENANT,
    userId: USER,
    platform: "telegram",
    state: "LINKED",
    botId: BOT,
    peerId: `chat-${name}`,
    peerName: undefined,
    txId: undefined,
    until: NOW,
    linkedAt: NOW - 1_000_000,
    heldUntil: NOW - 1000,
    unanswered: 0,
    failure: undefined,
    ...over,
  };
}

export function aUser(over: Partial<User> = {}): User {
  return {
    tenantId: TENANT,
    userId: USER,
    state: "ACTIVE",
    phrase: "blue teapot",
    locale: "de",
    createdAt: NOW - 1_000_000,
    keyIds: [],
    linkIds: [],
    open: [],
    prompts: [],
    wrongInARow: 0,
    thaw: undefined,
    thaws: [],
    ...over,
  };
}

export function aKey(name: string, over: Partial<Key> = {}): Key {
  return {
    keyId: idOf(`key ${name}`),
    tenantId: TENANT,
    userId: USER,
    state: "ACTIVE",
    publicKey: new Uint8Array(),
    model: "emulator",
    serial: "04A1",
    registryVersion: 1,
    glyphs: "latin",
    hasDisplay: true,
    hasKeypad: true,
    enrolment: new Uint8Array(),
    enrolledAt: NOW - 1_000_000,
    heldUntil: NOW - 1000,
    counter: { highest: 0, seen: 0n },
    ...over,
  };
}

/** The tenant without a policy of its own: delivery reads the frozen one alone. */
export function aTenant(): Tenant {
  return { tenantId: TENANT, name: "acme", issuer: "Acme Bank", policy: {} as Tenant["policy"], policyVersion: 1 };
}
