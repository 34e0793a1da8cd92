// For tests: a transaction in every standing, without a store.
import type { HexId, UnixMs } from "../store/entity.ts";
import type { Ask, Confirmation, Frozen, Lease, Progress, Transaction } from "../transaction/transaction.ts";

/** When the fixtures' clocks stand. */
export const NOW: UnixMs = 1_800_000_000_000;
export const APP: HexId = "a".repeat(32);
export const DIGEST: Uint8Array = new Uint8Array(32).fill(7);
export const LEASE_MS = 60_000;

const frozen: Frozen = {
  txId: "0".repeat(31) + "1",
  tenantId: "b".repeat(32),
  userId: "erika",
  createdBy: APP,
  createdAt: NOW - 1000,
  nonce: new Uint8Array(32).fill(1),
  kind: 1,
  fields: [],
  content: new Uint8Array(0),
  txDigest: DIGEST,
  tag: "AMBER TIGER",
  mode: "B",
  keyIds: ["c".repeat(32)],
  policy: {
    policyVersion: 1,
    digits: 6,
    tries: 3,
    claimByMs: 600_000,
    resends: 3,
    resendAfterMs: 60_000,
    channelTimeoutMs: 30_000,
    channels: ["sandbox"],
    userVerification: "pin",
    wrongCodesInARow: 5,
    highValue: false,
  },
  repeatOf: undefined,
  action: undefined,
};

/** Who has to approve it as well, and what he was asked with. */
export const APPROVER = "treasurer";
export const ASK: Ask = { userId: APPROVER, txId: "e".repeat(32) };

const several: Frozen = {
  ...frozen,
  policy: { ...frozen.policy, approval: { users: [APPROVER, "erika"], needed: 1, withinMs: 600_000 } },
};
const approval: Frozen = { ...frozen, approves: { txId: "f".repeat(32), userId: "alice" } };

const progress: Progress = {
  version: 1,
  issue: { epoch: 1, n: 1 },
  superseded: [],
  resends: 0,
  lastIssueAt: NOW - 61_000,
  triesLeft: 3,
  expiresAt: NOW + 120_000,
  lastRefusal: undefined,
  lateVeto: undefined,
  asked: [ASK],
};

const confirmation: Confirmation = { keyId: "c".repeat(32), signedStatement: new Uint8Array(1), at: NOW };
const claimBy = NOW + 600_000;

export function leaseOf(change: Partial<Lease> = {}): Lease {
  return { claimId: "claim 1", appId: APP, fence: 1, until: NOW + LEASE_MS, idempotent: false, ...change };
}

function ended(state: "REJECTED" | "TAMPERED" | "LOCKED" | "EXPIRED" | "CANCELLED", reason = state): Transaction {
  const standing = { state, reason, rejectReason: undefined, rejectedOnKey: false, detail: "", at: NOW };
  return { ...frozen, ...progress, ...standing };
}

const executed = { confirmation, lease: leaseOf(), detail: "", at: NOW };

type In<S extends Transaction["state"]> = Extract<Transaction, { readonly state: S }>;

export interface Standings {
  readonly PENDING: In<"PENDING">;
  readonly CONFIRMED: In<"CONFIRMED">;
  readonly "CONFIRMED after a lapse": In<"CONFIRMED">;
  readonly EXECUTING: In<"EXECUTING">;
  readonly "EXECUTING, begun": In<"EXECUTING">;
  readonly "EXECUTING, lapsed": In<"EXECUTING">;
  readonly EXECUTED: Transaction;
  readonly EXECUTION_FAILED: Transaction;
  readonly EXECUTION_UNKNOWN: In<"EXECUTION_UNKNOWN">;
  readonly REJECTED: Transaction;
  readonly TAMPERED: Transaction;
  readonly LOCKED: Transaction;
  readonly EXPIRED: Transaction;
  readonly CANCELLED: Transaction;
  readonly UNDELIVERABLE: Transaction;
  readonly "PENDING, of several": In<"PENDING">;
  readonly PARTIAL: In<"PARTIAL">;
  readonly "PENDING, an approval": In<"PENDING">;
  readonly APPROVED: In<"APPROVED">;
}

/** One transaction for each standing that the matrix tells apart. */
export const STANDINGS: Standings = {
  PENDING: { ...frozen, ...progress, state: "PENDING" },
  CONFIRMED: { ...frozen, ...progress, state: "CONFIRMED", confirmation, claimBy, lapsed: undefined },
  "CONFIRMED after a lapse": {
    ...frozen,
    ...progress,
    ...{ state: "CONFIRMED", confirmation, claimBy, lapsed: leaseOf({ until: NOW - 1 }) },
  },
  EXECUTING: { ...frozen, ...progress, state: "EXECUTING", confirmation, claimBy, lease: leaseOf(), begun: false },
  "EXECUTING, begun": {
    ...frozen,
    ...progress,
    ...{ state: "EXECUTING", confirmation, claimBy, lease: leaseOf(), begun: true },
  },
  "EXECUTING, lapsed": {
    ...frozen,
    ...progress,
    ...{ state: "EXECUTING", confirmation, claimBy, begun: true },
    lease: leaseOf({ until: NOW - 1, idempotent: true, lapsed: true }),
  },
  EXECUTED: { ...frozen, ...progress, state: "EXECUTED", ...executed },
  EXECUTION_FAILED: { ...frozen, ...progress, state: "EXECUTION_FAILED", ...executed },
  EXECUTION_UNKNOWN: { ...frozen, ...progress, state: "EXECUTION_UNKNOWN", confirmation, lease: leaseOf(), at: NOW },
  REJECTED: ended("REJECTED"),
  TAMPERED: ended("TAMPERED"),
  LOCKED: ended("LOCKED"),
  EXPIRED: ended("EXPIRED"),
  CANCELLED: ended("CANCELLED"),
  UNDELIVERABLE: {
    ...frozen,
    ...progress,
    ...{ state: "UNDELIVERABLE", reason: "NO_CHANNEL", rejectReason: undefined, rejectedOnKey: false },
    ...{ detail: "", at: NOW },
  },
  "PENDING, of several": { ...several, ...progress, state: "PENDING" },
  PARTIAL: { ...several, ...progress, state: "PARTIAL", confirmation, until: NOW + 600_000 },
  "PENDING, an approval": { ...approval, ...progress, state: "PENDING" },
  APPROVED: { ...approval, ...progress, state: "APPROVED", confirmation, at: NOW },
};
