// The audit as it happens: hints say in which shards something was written, the chains say what.
import { setImmediate as nextTurn } from "node:timers/promises";
import { AuditServiceTailResponse, type AuditEvent } from "@countersign/proto/node/admin/v1/audit_service";
import type { CoreGiven } from "../given.ts";
import type { Send } from "../rpc/handler.ts";
import { readModelOf } from "../read-model/read-model.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import { SHARDS, type HexId, type Shard, type UnixMs } from "../store/entity.ts";
import type { AuditEntry, Store } from "../store/store.ts";
import { eventMessage, isEvent } from "./audit-message.ts";

export interface Tailing {
  /** undefined: all. */
  readonly tenant: HexId | undefined;
  /** Any of these, as `isEvent` reads them. */
  readonly events: readonly string[];
  readonly cursor: string;
}

/** Two cores' commits reach a reader in another order than their times; what is told twice is known by its place. */
const OVERLAP_MS = 5000;
const PAGE = 200;
/** A cursor is told after so long without an event that was asked for. */
const CURSOR_MS = 60_000;

/** Tells events until the call is over. */
export function tailAudit(
  given: CoreGiven,
  { tenant, events, cursor }: Tailing,
  signal: AbortSignal,
  send: Send<AuditServiceTailResponse>,
): Promise<void | Refusal> {
  const pick = (entry: AuditEntry): AuditEvent[] => eventsIn(entry, tenant, events);
  return tailEntries(given, { cursor, pick }, signal, (picked, at) =>
    send(AuditServiceTailResponse.create({ events: [...picked], cursor: at })),
  );
}

/**
 * Tells what is picked out of entries until the call is over: first a cursor alone. What is kept is a number for each shard,
 * however fast they come: a consumer that is slow reads the chains later, and misses nothing.
 */
export async function tailEntries<T>(
  given: CoreGiven,
  { cursor, pick }: { readonly cursor: string; readonly pick: (entry: AuditEntry) => readonly T[] },
  signal: AbortSignal,
  send: (picked: readonly T[], cursor: string) => Promise<void>,
): Promise<void | Refusal> {
  const { store } = given;
  const model = readModelOf(given);
  const resumed = readCursor(cursor);
  if (isRefusal(resumed)) return resumed;
  const touched = new Touched(
    store,
    signal,
    resumed === undefined ? [] : Array.from({ length: SHARDS }, (_, shard) => shard),
  );
  try {
    const from = resumed === undefined ? store.now() : resumed - OVERLAP_MS;
    const next = new Map<Shard, number>();
    const round = new Round(touched, from);
    let told = from;
    await send([], writeCursor(from));
    for (;;) {
      const shard = await round.next();
      if (shard === undefined) return;
      let seq = next.get(shard) ?? (await firstSince(store, shard, from, model.reached(shard)));
      for (let more = true; more;) {
        const entries = await store.audit(shard, seq, PAGE);
        round.read(entries);
        const wanted = entries.flatMap(pick);
        // Without news it moves the cursor, so that who comes back after a quiet month does not read that month again.
        if (wanted.length > 0 || (entries.length > 0 && round.safe - told >= CURSOR_MS)) {
          told = round.safe;
          await send(wanted, writeCursor(told));
        }
        seq = (entries.at(-1)?.seq ?? seq - 1) + 1;
        more = entries.length === PAGE;
        // Nothing of the above need have waited for anything, and nobody may ask for what is never sent, or for chains in which
        // there is nothing: others have their turn.
        await nextTurn();
        if (signal.aborted) return;
      }
      next.set(shard, seq);
    }
  } finally {
    touched.close();
  }
}

function eventsIn(entry: AuditEntry, tenant: HexId | undefined, wanted: readonly string[]): AuditEvent[] {
  return entry.events.flatMap((one, index) =>
    (tenant === undefined || one.tenant === tenant) && wanted.some((event) => isEvent(event, one.event))
      ? [eventMessage(entry, one, index)]
      : [],
  );
}

/**
 * The number of the first entry that is not older. `about`: where the chain may end; it is looked for from there, so that
 * a long chain is not read from its beginning. A wrong one costs time alone.
 */
export async function firstSince(store: Store, shard: Shard, from: UnixMs, about = 0): Promise<number> {
  const isBefore = async (seq: number): Promise<boolean> => {
    const [entry] = seq < 1 ? [] : await store.audit(shard, seq, 1);
    return seq < 1 || (entry !== undefined && entry.at < from);
  };
  let [known, step] = [about, 1];
  if (!(await isBefore(known))) {
    for (; !(await isBefore(known - step)); step *= 2);
    known = Math.max(0, known - step);
  } else for (; await isBefore(known + step); step *= 2) known += step;
  for (; step > 1; step /= 2) if (await isBefore(known + step / 2)) known += step / 2;
  return known + 1;
}

/**
 * From when on a consumer that resumes has been told everything. Shards are read one after the other, and one that waits its
 * turn may hold what is older than all that was told of others: so the cursor stays where it was until every shard that
 * waited at the last turn of the round has been read.
 */
class Round {
  readonly #touched: Touched;
  /** Of what was read, the newest. */
  #newest: UnixMs;
  /** The same when the round began. */
  #began: UnixMs;
  #left: number;
  safe: UnixMs;

  constructor(touched: Touched, from: UnixMs) {
    this.#touched = touched;
    this.#newest = from;
    this.#began = from;
    this.#left = touched.size;
    this.safe = from;
  }

  /** undefined: the call is over. */
  async next(): Promise<Shard | undefined> {
    if (this.#left === 0) {
      this.safe = this.#touched.size === 0 ? this.#newest : this.#began;
      this.#began = this.#newest;
    }
    const shard = await this.#touched.next();
    this.#left = this.#left === 0 ? this.#touched.size : this.#left - 1;
    return shard;
  }

  read(entries: readonly AuditEntry[]): void {
    for (const { at } of entries) this.#newest = Math.max(this.#newest, at);
  }
}

/** Shards in which something was written since they were looked at last, each once. */
class Touched {
  readonly #shards: Set<Shard>;
  readonly #signal: AbortSignal;
  readonly #unsubscribe: () => void;
  #wake: (() => void) | undefined;

  constructor(store: Store, signal: AbortSignal, first: readonly Shard[]) {
    this.#shards = new Set(first);
    this.#signal = signal;
    this.#unsubscribe = store.subscribe((shard) => {
      this.#shards.add(shard);
      this.#wake?.();
    });
    signal.addEventListener("abort", () => this.#wake?.(), { once: true });
  }

  /** undefined: the call is over. */
  async next(): Promise<Shard | undefined> {
    while (this.#shards.size === 0 && !this.#signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#signal.aborted) return undefined;
    const [shard] = this.#shards;
    if (shard !== undefined) this.#shards.delete(shard);
    return shard;
  }

  get size(): number {
    return this.#shards.size;
  }

  close(): void {
    this.#unsubscribe();
  }
}

function writeCursor(until: UnixMs): string {
  return Buffer.from(`t1.${until}`).toString("base64url");
}

function readCursor(cursor: string): UnixMs | undefined | Refusal {
  if (cursor === "") return undefined;
  const until = /^t1\.(\d{1,16})$/.exec(Buffer.from(cursor, "base64url").toString("latin1"))?.[1];
  return until === undefined ? badInput("cursor", "not a cursor of this stream") : Number(until);
}
