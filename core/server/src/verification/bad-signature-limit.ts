import type { HexId, UnixMs } from "../store/entity.ts";
import type { Store } from "../store/store.ts";

/** Rows 5 and 6 burn no try, so a flood of garbage is slowed here, before it costs a commit. */
const MOST_PER_MINUTE = 30;
const MINUTE_MS = 60_000;
const MOST_TRANSACTIONS = 10_000;

interface Counted {
  since: UnixMs;
  count: number;
}

const counters = new WeakMap<Store, Map<HexId, Counted>>();

/** Milliseconds until this transaction may have another bad signature, or undefined: now. */
export function badSignatureWait(store: Store, txId: HexId, now: UnixMs): number | undefined {
  const counted = counters.get(store)?.get(txId);
  if (counted === undefined || counted.count < MOST_PER_MINUTE) return undefined;
  const wait = counted.since + MINUTE_MS - now;
  return wait > 0 ? wait : undefined;
}

/** Remembers one, in memory: what a restart forgets here costs nobody a try. */
export function countBadSignature(store: Store, txId: HexId, now: UnixMs): void {
  const transactions = counters.get(store) ?? new Map<HexId, Counted>();
  counters.set(store, transactions);
  const counted = transactions.get(txId);
  if (counted !== undefined && now < counted.since + MINUTE_MS) {
    counted.count += 1;
    return;
  }
  if (transactions.size >= MOST_TRANSACTIONS) transactions.clear();
  transactions.set(txId, { since: now, count: 1 });
}
