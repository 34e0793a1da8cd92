// For tests: a store with a history of transactions, messages, users and changes, and what a naive reader makes of it.
import { FakeClock } from "@countersign/testing";
import type { Delivery } from "../../delivery/delivery.ts";
import { openMemoryStore } from "../../store/memory-store.ts";
import { SHARDS, shardOfUser, type EntityKey, type HexId } from "../../store/entity.ts";
import { drawId } from "../../store/store-fixture.ts";
import type { AnyWrite, AuditEntry, Store } from "../../store/store.ts";
import { STANDINGS } from "../../testing/transaction-fixture.ts";
import { transactionKey } from "../../transaction/transaction-key.ts";
import type { Transaction } from "../../transaction/transaction.ts";

export const TENANTS: readonly HexId[] = ["1".repeat(32), "2".repeat(32)];
const USERS = ["ann", "anna", "bob"];
const TAGS = ["AMBER TIGER", "BLUE FOX"];
const STATES = Object.values(STANDINGS) as readonly Transaction[];
const PLATFORMS = ["telegram", "matrix"] as const;

/** One thing that happens, by small numbers. */
export interface Happening {
  readonly what: "create" | "move" | "deliver" | "fail" | "advance";
  readonly which: number;
  readonly how: number;
}

export class History {
  readonly clock: FakeClock = new FakeClock();
  readonly store: Store;
  readonly #keys: EntityKey<"transaction">[] = [];

  constructor(store?: (clock: FakeClock) => Store) {
    this.store = store?.(this.clock) ?? openMemoryStore({ clock: this.clock });
  }

  async happen({ what, which, how }: Happening): Promise<void> {
    if (what === "advance") return this.clock.advance(how * 7919);
    if (what === "create") return this.create(TENANTS[which % 2] ?? "", USERS[how % 3] ?? "", how);
    const key = this.#keys[which % Math.max(1, this.#keys.length)];
    if (key === undefined) return;
    if (what === "move") return this.#move(key, how);
    return this.#deliver(key, how, what === "fail" ? "FAILED" : "SENT");
  }

  /** In no order, and each once: rows of one moment are in order of these. */
  #lastDigits(): string {
    return ((this.#keys.length * 0x9_e377) & 0x1f_ffff).toString(16).padStart(6, "0");
  }

  /** A transaction of this user. */
  async create(tenantId: HexId, userId: string, how: number): Promise<void> {
    const shard = shardOfUser(tenantId, userId);
    const txId = shard.toString(16).padStart(4, "0") + drawId().slice(4, 26) + this.#lastDigits();
    const body: Transaction = {
      ...STANDINGS.PENDING,
      ...{ txId, tenantId, userId, createdAt: this.store.now(), kind: how % 2 === 0 ? 1 : 2 },
      tag: TAGS[how % 2] ?? "",
    };
    const user = { type: "user", tenant: tenantId, id: userId } as const;
    const { entities } = await this.store.load(shard, user);
    const plain = { tenantId, userId, state: how % 5 === 0 ? "FROZEN" : "ACTIVE", phrase: "", locale: "en" } as const;
    const rest = { keyIds: [], linkIds: [], open: [], prompts: [], wrongInARow: 0, thaw: undefined, thaws: [] };
    const key = transactionKey(txId);
    await this.#commit(shard, body, "transaction.created", [
      { key, expected: "", body },
      { key: user, expected: entities[0].version, body: { ...plain, ...rest, createdAt: this.store.now() } },
    ]);
    this.#keys.push(key);
  }

  async #move(key: EntityKey<"transaction">, how: number): Promise<void> {
    const shard = Number.parseInt(key.id.slice(0, 4), 16);
    const { entities } = await this.store.load(shard, key);
    const [{ body: before, version: expected }] = entities;
    const to = STATES[how % STATES.length];
    if (before === undefined || to === undefined) return;
    const at = this.store.now();
    const { txId, tenantId, userId, createdAt, kind, tag } = before;
    const confirmation = "confirmation" in to ? { confirmation: { ...to.confirmation, at } } : {};
    const ended = "at" in to ? { at } : {};
    const body = {
      ...to,
      ...{ txId, tenantId, userId, createdAt, kind, tag },
      ...confirmation,
      ...ended,
    } as Transaction;
    await this.#commit(shard, body, "transaction.moved", [{ key, expected, body }]);
  }

  async #deliver(of: EntityKey<"transaction">, how: number, state: "SENT" | "FAILED"): Promise<void> {
    const shard = Number.parseInt(of.id.slice(0, 4), 16);
    const platform = PLATFORMS[how % 2] ?? "telegram";
    const key = { type: "delivery", tenant: TENANTS[0] ?? "", id: `${of.id.slice(0, 31)}${how % 2}` } as const;
    const { entities } = await this.store.load(shard, of, key);
    const [{ body: transaction }, { body: before, version: expected }] = entities;
    if (transaction === undefined) return;
    const now = this.store.now();
    const { tenantId, userId, createdAt, txId } = transaction;
    const log = state === "SENT" ? { log: `S${now - createdAt}.1`, logged: 1 } : {};
    const issue = { epoch: 1, n: 1 };
    const body: Delivery = {
      ...{
        deliveryId: key.id,
        tenantId,
        userId,
        txId,
        linkId: key.id,
        botId: key.id,
        platform,
        peerId: "1",
        type: "prompt",
      },
      ...{ wanted: { phase: "full", issue }, wish: 1, shown: 0, providerId: undefined, shownIssue: undefined },
      ...{ mayHoldCode: false, state, reason: undefined, attempts: 0, unknowns: 0, retryAt: undefined },
      ...{ notAfter: createdAt + 300_000, fallbackAt: undefined, fence: 0, createdAt, updatedAt: now, ...log },
      ...(before?.log === undefined ? {} : { log: before.log, logged: 1 }),
    };
    await this.#commit(shard, transaction, `delivery.${state.toLowerCase()}`, [{ key, expected, body }]);
  }

  async #commit(shard: number, of: Transaction, event: string, writes: readonly AnyWrite[]): Promise<void> {
    const { epoch } = await this.store.load(shard);
    const actor = of.kind === 1 ? "app:1" : "core";
    const detail = event === "delivery.failed" ? { reason: "CHANNEL_DOWN" } : {};
    const one = { event, tenant: of.tenantId, actor, subject: `transaction:${of.txId}`, detail };
    const audit = [one, { ...one, event: "test.beside", subject: `user:${of.userId}`, detail: {} }] as const;
    const outcome = await this.store.commit(shard, { changeId: drawId(), epoch, writes, audit });
    if (outcome !== "committed") throw new Error(`the history's commit: ${outcome}`);
  }

  /** Every entry, shard by shard. */
  async entries(): Promise<AuditEntry[]> {
    const all: AuditEntry[] = [];
    for (let shard = 0; shard < SHARDS; shard++) all.push(...(await this.store.audit(shard, 1, 100_000)));
    return all;
  }

  async transactions(): Promise<Transaction[]> {
    const loaded = this.#keys.map(async (key) => {
      const { entities } = await this.store.load(Number.parseInt(key.id.slice(0, 4), 16), key);
      return entities[0].body;
    });
    return (await Promise.all(loaded)).filter((body) => body !== undefined);
  }
}
