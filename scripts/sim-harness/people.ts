// The people and devices of every simulation: the same keys, secrets and names each time, so that a seed is all there is.
import { createECDH, createHash, createPrivateKey, sign, type KeyObject } from "node:crypto";
import {
  CodeEntry,
  codeProofOf,
  coseKeyOf,
  Decision,
  encodeStatement,
  fromHex,
  macKey,
  Shown,
  SignatureType,
  signMessage,
  toHex,
  UserVerification,
  type Statement,
} from "@countersign/protocol";
import type { CoreSecrets } from "../../core/server/src/given.ts";
import {
  appKey,
  botKey,
  keyKey,
  keyOwnerKey,
  linkKey,
  tenantKey,
  userKey,
} from "../../core/server/src/identity/entity-key.ts";
import { keyIndex } from "../../core/server/src/identity/key-index.ts";
import type { Key } from "../../core/server/src/identity/key.ts";
import { linkIndex } from "../../core/server/src/identity/link-index.ts";
import type { Link } from "../../core/server/src/identity/link.ts";
import type { User } from "../../core/server/src/identity/user.ts";
import { parsePolicy } from "../../core/server/src/policy/policy-document.ts";
import { shardOfKey, shardOfUser, type HexId, type Shard, type UnixMs } from "../../core/server/src/store/entity.ts";
import type { AnyWrite } from "../../core/server/src/store/store.ts";
import { Cluster, snapshotsOf } from "./cluster.ts";
import { signs } from "./signatures.ts";

/** A smart key of software, whose private key is drawn from its name. */
export interface SimKey {
  readonly keyId: HexId;
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

export interface Person {
  readonly tenantId: HexId;
  readonly userId: string;
  readonly shard: Shard;
  readonly keys: readonly SimKey[];
  readonly linkId: HexId;
}

const ids = new Map<string, HexId>();

export const START: UnixMs = Date.UTC(2026, 10, 22, 14, 30);
export const SERVER_ID: HexId = idOf("server");
/** Two relying parties; a person of one name at each. */
export const TENANTS: readonly HexId[] = [idOf("tenant 0"), idOf("tenant 1")];

export function idOf(name: string): HexId {
  const known = ids.get(name) ?? toHex(digestOf(name).subarray(0, 16));
  ids.set(name, known);
  return known;
}

export function botOf(tenantId: HexId): HexId {
  return idOf(`bot of ${tenantId}`);
}

/** An executor of a tenant. */
export function executorOf(tenantId: HexId, n: number): HexId {
  return idOf(`executor ${n} of ${tenantId}`);
}

/** Who lives in an installation, and what that is like before anybody asks anything of it. */
export interface World {
  readonly people: readonly Person[];
  /** What it takes beside the key of who asks; undefined: nothing. */
  readonly rule: { readonly users: readonly string[]; readonly needed: number } | undefined;
  readonly installation: Cluster;
}

const [ERIKA, BOB] = [personOf(TENANTS[0] ?? "", "erika", 2), personOf(TENANTS[0] ?? "", "bob", 1)];
const PEOPLE: readonly Person[] = [ERIKA, BOB, personOf(TENANTS[1] ?? "", "erika", 1)];
const COLLEAGUES: readonly Person[] = [ERIKA, BOB, personOf(TENANTS[0] ?? "", "carol", 1)];
/** Whoever asks needs both of the others. */
const BOTH_OTHERS = { users: ["erika", "bob", "carol"], needed: 2 } as const;

function personOf(tenantId: HexId, userId: string, keys: number): Person {
  const name = `${userId} of ${tenantId}`;
  return {
    tenantId,
    userId,
    shard: shardOfUser(tenantId, userId),
    keys: Array.from({ length: keys }, (_, i) => simKey(`key ${i} of ${name}`)),
    linkId: idOf(`link of ${name}`),
  };
}

function simKey(name: string): SimKey {
  const pair = createECDH("prime256v1");
  pair.setPrivateKey(digestOf(name));
  const point = pair.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  const jwk = { kty: "EC", crv: "P-256", x: base64url(x), y: base64url(y), d: base64url(pair.getPrivateKey()) };
  const privateKey = createPrivateKey({ key: jwk, format: "jwk" });
  return { keyId: idOf(name), publicKey: coseKeyOf(new Uint8Array(x), new Uint8Array(y)), privateKey };
}

function base64url(bytes: Buffer): string {
  return bytes.toString("base64url");
}

const serverKey = simKey("server");

export const SECRETS: CoreSecrets = {
  code: macKey(digestOf("K_code")),
  token: macKey(digestOf("K_token")),
  sign: (bytes) => es256(serverKey, bytes),
  signKeyId: fromHex(serverKey.keyId),
  publicKey: serverKey.publicKey,
};

/** Everybody confirms what is his alone. */
export const ALONE: World = { people: PEOPLE, rule: undefined, installation: install(PEOPLE, []) };
/** What one of them asks for takes all of them. */
export const TOGETHER: World = {
  ...{ people: COLLEAGUES, rule: BOTH_OTHERS },
  installation: install(COLLEAGUES, [{ users: [...BOTH_OTHERS.users], needed: BOTH_OTHERS.needed }]),
};

function install(people: readonly Person[], approvers: readonly object[]): Cluster {
  const cluster = new Cluster(START);
  for (const tenantId of TENANTS) {
    const botId = botOf(tenantId);
    const policy = parsePolicy(approvers.length === 0 ? {} : { approvers });
    put(cluster, [
      {
        key: tenantKey(tenantId),
        expected: "",
        body: { tenantId, name: "bank", issuer: "Bank", policy, policyVersion: 1 },
      },
    ]);
    const bot = { botId, tenantId, name: "phone", platform: "sandbox", disabled: false, deepLink: "" };
    put(cluster, [{ key: botKey(tenantId, botId), expected: "", body: bot as never }]);
    const app = {
      appId: idOf(`app of ${tenantId}`),
      tenantId,
      name: "bank",
      scope: "submit",
      disabled: false,
    } as const;
    put(cluster, [{ key: appKey(tenantId, app.appId), expected: "", body: app }]);
  }
  for (const person of people) enrol(cluster, person);
  cluster.settle();
  return cluster;
}

function enrol(cluster: Cluster, person: Person): void {
  const { tenantId, userId, keys, linkId } = person;
  const of = { tenantId, userId };
  const user: User = {
    ...{ ...of, state: "ACTIVE", phrase: "blue teapot", locale: "en", createdAt: 0 },
    ...{ keyIds: keys.map(({ keyId }) => keyId), linkIds: [linkId], open: [], prompts: [] },
    ...{ wrongInARow: 0, thaw: undefined, thaws: [] },
  };
  const link: Link = {
    ...{ ...of, linkId, platform: "sandbox", state: "LINKED", botId: botOf(tenantId), peerId: linkId },
    ...{ peerName: undefined, txId: undefined, until: 0, linkedAt: 0, heldUntil: 0, unanswered: 0 },
    failure: undefined,
  };
  const bodies = keys.map((key) => keyBody(of, key));
  put(
    cluster,
    [
      { key: userKey(tenantId, userId), expected: "", body: user },
      ...bodies.map((body) => ({ key: keyKey(tenantId, body.keyId), expected: "", body, index: keyIndex(body) })),
      { key: linkKey(tenantId, linkId), expected: "", body: link, index: linkIndex(link) },
    ],
    person.shard,
  );
  for (const { keyId } of keys) put(cluster, [{ key: keyOwnerKey(keyId), expected: "", body: of }]);
}

function keyBody(of: Pick<Person, "tenantId" | "userId">, { keyId, publicKey }: SimKey): Key {
  return {
    ...{ ...of, keyId, publicKey, state: "ACTIVE", model: "emulator", serial: "S1", registryVersion: 1 },
    ...{ glyphs: "latin", hasDisplay: true, hasKeypad: true, enrolment: new Uint8Array(0) },
    ...{ enrolledAt: 0, heldUntil: 0, counter: { highest: 0, seen: 0n } },
  };
}

function put(
  cluster: Cluster,
  writes: readonly AnyWrite[],
  shard = shardOfKey(writes[0]?.key as AnyWrite["key"]),
): void {
  const audit = [{ event: "sim.installed", tenant: "", actor: "sim", subject: "sim", detail: {} }] as const;
  const change = { changeId: idOf(JSON.stringify(writes.map(({ key }) => key))), epoch: 1, writes, audit };
  const entry = cluster.commit(shard, change, snapshotsOf(shard, change));
  if (typeof entry === "string") throw new Error(`the installation: ${entry}`);
}

/** What a key signs when its user approves these lines and types this code. */
export function approval(of: {
  readonly txId: HexId;
  readonly nonce: Uint8Array;
  readonly txDigest: Uint8Array;
  readonly code: string;
  readonly counter: number;
}): Statement {
  const { txId, nonce, txDigest, code, counter } = of;
  return {
    ...{ version: 1, serverId: fromHex(SERVER_ID), txId: fromHex(txId), nonce, txDigest, counter },
    ...{ codeProof: codeProofOf(nonce, txDigest, code), decision: Decision.APPROVE, shown: Shown.ALL },
    ...{ codeEntry: CodeEntry.KEY, userVerification: UserVerification.PIN },
  };
}

export function signed(key: SimKey, statement: Statement): Uint8Array {
  const payload = encodeStatement(statement);
  return signMessage(SignatureType.STATEMENT, fromHex(key.keyId), payload, (bytes) => es256(key, bytes));
}

function es256({ publicKey, privateKey }: SimKey, bytes: Uint8Array): Uint8Array {
  const really = (): Uint8Array =>
    new Uint8Array(sign("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" }));
  return signs(publicKey, bytes, really);
}

function digestOf(name: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(name).digest());
}
