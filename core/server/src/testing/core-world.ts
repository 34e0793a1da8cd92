// For tests: a core in one process, over a store of choice, with a tenant, a user, his keys and a linked chat.
import { generateKeyPairSync, randomBytes, sign as signWith, type KeyObject } from "node:crypto";
import {
  CodeEntry,
  codeProofOf,
  coseKeyOfJwk,
  Decision,
  encodeStatement,
  fromHex,
  Kind,
  Label,
  macKey,
  sha256,
  Shown,
  SignatureType,
  signMessage,
  toHex,
  UserVerification,
  utf8,
  type Field,
  type Statement,
} from "@countersign/protocol";
import { FakeClock } from "@countersign/testing";
import { codeOf } from "../code/derive.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { CoreGiven, CoreSecrets } from "../given.ts";
import { appKey, botKey, keyKey, keyOwnerKey, linkKey, tenantKey, tokenKey, userKey } from "../identity/entity-key.ts";
import { keyIndex } from "../identity/key-index.ts";
import type { Key } from "../identity/key.ts";
import { linkIndex } from "../identity/link-index.ts";
import type { Link } from "../identity/link.ts";
import type { Scope } from "../identity/tenant.ts";
import type { User } from "../identity/user.ts";
import { openLog } from "../log.ts";
import { parsePolicy } from "../policy/policy-document.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { newToken, tokenId } from "../rpc/token.ts";
import {
  shardOfKey,
  shardOfTransaction,
  shardOfUser,
  type EntityKey,
  type HexId,
  type Shard,
} from "../store/entity.ts";
import { openMemoryStore } from "../store/memory-store.ts";
import type { AnyWrite, Store } from "../store/store.ts";
import { createTransaction, type Created } from "../transaction/create.ts";
import type { Draft } from "../transaction/draft.ts";
import { transactionKey } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";

/** A smart key of software: signs whatever a test wants, honest or not. */
export interface TestKey {
  readonly keyId: HexId;
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

export interface WorldOptions {
  readonly open?: (clock: FakeClock) => Promise<Store>;
  readonly policy?: Readonly<Record<string, unknown>>;
}

export interface Identity {
  readonly tenantId: HexId;
  readonly userId: string;
}

export class CoreWorld {
  readonly clock: FakeClock;
  readonly given: CoreGiven;
  readonly tenantId: HexId = drawHexId();
  readonly appId: HexId = drawHexId();
  readonly userId = "erika";
  readonly key: TestKey = newTestKey();
  readonly linkId: HexId = drawHexId();
  readonly botId: HexId = drawHexId();
  #counter = 0;
  #requests = 0;

  private constructor(clock: FakeClock, store: Store) {
    this.clock = clock;
    this.given = {
      store,
      secrets: newSecrets(),
      serverId: drawHexId(),
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      log: openLog("silent"),
      development: true,
    };
  }

  static async open(options: WorldOptions = {}): Promise<CoreWorld> {
    const clock = new FakeClock();
    const store = await (options.open?.(clock) ?? openMemoryStore({ clock }));
    const world = new CoreWorld(clock, store);
    await world.addTenant(world.tenantId, "Example Bank", options.policy ?? {});
    await world.put({ ...appKey(world.tenantId, world.appId) }, {
      ...{ appId: world.appId, tenantId: world.tenantId, name: "bank", scope: "submit", disabled: false },
    } as never);
    await world.addUser({ tenantId: world.tenantId, userId: world.userId }, world.key, world.linkId);
    return world;
  }

  get identity(): Identity {
    return { tenantId: this.tenantId, userId: this.userId };
  }

  async addTenant(tenantId: HexId, issuer: string, policy: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const body = { tenantId, name: issuer, issuer, policy: parsePolicy(policy), policyVersion: 1 };
    await this.put(tenantKey(tenantId), body);
    const bot = { botId: this.botId, tenantId, name: "phone", platform: "sandbox", disabled: false, deepLink: "" };
    await this.put(botKey(tenantId, this.botId), bot as never);
  }

  /** A bearer token of an app of this scope. */
  async addApp(tenantId: HexId, scope: Scope): Promise<{ readonly appId: HexId; readonly token: string }> {
    const appId = drawHexId();
    const token = newToken("cs_app_", this.given.random);
    await this.put(appKey(tenantId, appId), { appId, tenantId, name: scope, scope, disabled: false });
    await this.put(tokenKey(tokenId(token)), { kind: "app", tenantId, appId });
    return { appId, token };
  }

  async addUser(of: Identity, key: TestKey, linkId: HexId): Promise<void> {
    const shard = shardOfUser(of.tenantId, of.userId);
    const user: User = {
      ...of,
      state: "ACTIVE",
      phrase: "blue teapot",
      locale: "en",
      createdAt: 0,
      keyIds: [key.keyId],
      linkIds: [linkId],
      open: [],
      prompts: [],
      wrongInARow: 0,
      thaw: undefined,
      thaws: [],
    };
    const link: Link = {
      ...of,
      linkId,
      platform: "sandbox",
      state: "LINKED",
      botId: this.botId,
      peerId: linkId,
      peerName: undefined,
      txId: undefined,
      until: 0,
      linkedAt: 0,
      heldUntil: 0,
      unanswered: 0,
      failure: undefined,
    };
    const body = keyBody(of, key);
    await this.commit(shard, [
      { key: userKey(of.tenantId, of.userId), expected: "", body: user },
      { key: keyKey(of.tenantId, key.keyId), expected: "", body, index: keyIndex(body) },
      { key: linkKey(of.tenantId, linkId), expected: "", body: link, index: linkIndex(link) },
    ]);
    await this.put(keyOwnerKey(key.keyId), of);
  }

  /** Another key of the user; `change` alters what the core believes of it. */
  async addKey(of: Identity, key: TestKey, change: Partial<Key> = {}): Promise<void> {
    const shard = shardOfUser(of.tenantId, of.userId);
    const body = { ...keyBody(of, key), ...change };
    const name = userKey(of.tenantId, of.userId);
    const { entities } = await this.given.store.load(shard, name);
    const user = entities[0].body as User;
    await this.commit(shard, [
      { key: keyKey(of.tenantId, key.keyId), expected: "", body, index: keyIndex(body) },
      { key: name, expected: entities[0].version, body: { ...user, keyIds: [...user.keyIds, key.keyId] } },
    ]);
    await this.put(keyOwnerKey(key.keyId), of);
  }

  async changeKey(of: Identity, keyId: HexId, change: Partial<Key>): Promise<void> {
    const shard = shardOfUser(of.tenantId, of.userId);
    const { entities } = await this.given.store.load(shard, keyKey(of.tenantId, keyId));
    const body = { ...(entities[0].body as Key), ...change };
    await this.commit(shard, [{ key: entities[0].key, expected: entities[0].version, body, index: keyIndex(body) }]);
  }

  /** As a store would hold it whose writer had other rules. */
  async replaceKey(body: Key): Promise<void> {
    const shard = shardOfUser(body.tenantId, body.userId);
    const { entities } = await this.given.store.load(shard, keyKey(body.tenantId, body.keyId));
    await this.commit(shard, [{ key: entities[0].key, expected: entities[0].version, body, index: keyIndex(body) }]);
  }

  async replaceTransaction(body: Transaction): Promise<void> {
    const shard = shardOfTransaction(body.txId);
    const { entities } = await this.given.store.load(shard, transactionKey(body.txId));
    await this.commit(shard, [{ key: entities[0].key, expected: entities[0].version, body }]);
  }

  async changeUser(change: Partial<User>, { tenantId, userId }: Identity = this.identity): Promise<void> {
    const shard = shardOfUser(tenantId, userId);
    const { entities } = await this.given.store.load(shard, userKey(tenantId, userId));
    const body = { ...(entities[0].body as User), ...change };
    await this.commit(shard, [{ key: entities[0].key, expected: entities[0].version, body }]);
  }

  async user(of: Identity = this.identity): Promise<User> {
    const shard = shardOfUser(of.tenantId, of.userId);
    const { entities } = await this.given.store.load(shard, userKey(of.tenantId, of.userId));
    return entities[0].body as User;
  }

  async loadKey(keyId: HexId = this.key.keyId): Promise<Key> {
    const shard = shardOfUser(this.tenantId, this.userId);
    const { entities } = await this.given.store.load(shard, keyKey(this.tenantId, keyId));
    return entities[0].body as Key;
  }

  async transaction(txId: HexId): Promise<Transaction> {
    const shard = shardOfTransaction(txId);
    const { entities } = await this.given.store.load(shard, transactionKey(txId));
    return entities[0].body as Transaction;
  }

  /** All that the user's chats are to show. */
  async deliveries(): Promise<Delivery[]> {
    const { store } = this.given;
    const found = await store.lane(this.botId, 1000);
    const bodies = await Promise.all(
      found.map(async ({ shard, key }) => (await store.load(shard, key as EntityKey<"delivery">)).entities[0].body),
    );
    return bodies.filter((body) => body !== undefined);
  }

  /** How often something stands in the audit of the user's shard. */
  async audited(event: string): Promise<number> {
    const entries = await this.given.store.audit(shardOfUser(this.tenantId, this.userId), 0, 100_000);
    return entries.flatMap(({ events }) => events).filter((one) => one.event === event).length;
  }

  draft(change: Partial<Draft> = {}): Draft {
    this.#requests += 1;
    const requestId = change.requestId ?? `request ${this.#requests}`;
    return {
      tenantId: this.tenantId,
      userId: this.userId,
      kind: Kind.PAY,
      fields: payment(this.#requests),
      createdBy: this.appId,
      requestId,
      bodyHash: sha256(utf8(requestId)),
      ...change,
    };
  }

  async create(change: Partial<Draft> = {}): Promise<Created> {
    const created = await createTransaction(this.given, this.draft(change));
    if (isRefusal(created)) throw new Error(`refused: ${created.refused} ${created.message}`);
    return created;
  }

  /** A new transaction in PENDING. */
  async pending(change: Partial<Draft> = {}): Promise<Transaction> {
    return (await this.create(change)).transaction;
  }

  /** What the phone shows. */
  code(transaction: Transaction): string {
    return codeOf(this.given, transaction, transaction.issue).reveal();
  }

  /** Another code than the right one. */
  wrongCode(transaction: Transaction, i = 1): string {
    const digits = transaction.policy.digits;
    return String((Number(this.code(transaction)) + i) % 10 ** digits).padStart(digits, "0");
  }

  nextCounter(): number {
    this.#counter += 1;
    return this.#counter;
  }

  statement(transaction: Transaction, change: Partial<Statement> & { readonly code?: string } = {}): Statement {
    const { code, ...rest } = change;
    const { nonce } = transaction;
    const txDigest = rest.txDigest ?? transaction.txDigest;
    const codeProof = codeProofOf(nonce, txDigest, code ?? this.code(transaction));
    return {
      version: 1,
      serverId: fromHex(this.given.serverId),
      txId: fromHex(transaction.txId),
      nonce,
      txDigest,
      codeProof,
      decision: Decision.APPROVE,
      shown: Shown.ALL,
      codeEntry: CodeEntry.KEY,
      userVerification: UserVerification.PIN,
      counter: this.nextCounter(),
      ...rest,
    };
  }

  /** What an honest key gives for the code that was typed, or whatever `change` makes of it. */
  signed(
    transaction: Transaction,
    change: Partial<Statement> & { readonly code?: string } = {},
    key: TestKey = this.key,
  ): Uint8Array {
    return signStatement(key, this.statement(transaction, change));
  }

  reject(transaction: Transaction, change: Partial<Statement> = {}, key: TestKey = this.key): Uint8Array {
    const { codeProof: _none, ...statement } = this.statement(transaction, change);
    return signStatement(key, {
      ...statement,
      decision: Decision.REJECT,
      shown: change.shown ?? Shown.SOME,
      codeEntry: CodeEntry.HOST,
      userVerification: UserVerification.NONE,
    });
  }

  async put(key: AnyWrite["key"], body: AnyWrite["body"]): Promise<void> {
    await this.commit(shardOfKey(key), [{ key, expected: "", body } as AnyWrite]);
  }

  async commit(shard: Shard, writes: readonly AnyWrite[]): Promise<void> {
    const { epoch } = await this.given.store.load(shard);
    const audit = [{ event: "test.prepared", tenant: "", actor: "test", subject: "test", detail: {} }] as const;
    const outcome = await this.given.store.commit(shard, { changeId: drawHexId(), epoch, writes, audit });
    if (outcome !== "committed") throw new Error(`test data: ${outcome}`);
  }
}

export function newTestKey(): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { keyId: drawHexId(), publicKey: coseKeyOfJwk(publicKey.export({ format: "jwk" })), privateKey };
}

export function signStatement(key: TestKey, statement: Statement): Uint8Array {
  return signTyped(key, SignatureType.STATEMENT, encodeStatement(statement));
}

export function signTyped(key: TestKey, type: SignatureType, payload: Uint8Array): Uint8Array {
  return signMessage(type, fromHex(key.keyId), payload, (bytes) => es256(key.privateKey, bytes));
}

/** A payment that differs from every other one. */
export function payment(n: number): readonly Field[] {
  return [
    { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 125_000n + BigInt(n) } } },
    { label: Label.TO, value: { type: "text", text: "Müller GmbH" } },
    { label: Label.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
  ];
}

export function drawHexId(): HexId {
  return toHex(new Uint8Array(randomBytes(16)));
}

function keyBody(of: Identity, key: TestKey): Key {
  return {
    ...of,
    keyId: key.keyId,
    state: "ACTIVE",
    publicKey: key.publicKey,
    model: "emulator",
    serial: "S1",
    registryVersion: 1,
    glyphs: "latin",
    hasDisplay: true,
    hasKeypad: true,
    enrolment: new Uint8Array(0),
    enrolledAt: 0,
    heldUntil: 0,
    counter: { highest: 0, seen: 0n },
  };
}

function newSecrets(): CoreSecrets {
  const signing = newTestKey();
  return {
    code: macKey(new Uint8Array(randomBytes(32))),
    token: macKey(new Uint8Array(randomBytes(32))),
    sign: (bytes) => es256(signing.privateKey, bytes),
    signKeyId: fromHex(signing.keyId),
    publicKey: signing.publicKey,
  };
}

function es256(key: KeyObject, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(signWith("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }));
}
