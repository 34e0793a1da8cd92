// Where a row stands among all: by time, and the same whenever the index is built.
import type { HexId, Shard, UnixMs } from "../store/entity.ts";

/*
 * time in milliseconds i64, from bit 21 | shard 10 bits | entry mod 256 8 bits | event mod 8 3 bits
 * time in milliseconds i64, from bit 21 | last 21 bits of a transaction's id
 * The number is SQLite's rowid, which every index of a table ends in: whatever is found by an index is in order of time.
 */
const TIME_BITS = 21n;
const MASK = 0x1f_ffff;

/** Of an event. Two of one shard and one millisecond that meet are moved apart in the order in which they were folded. */
export function eventPlace(at: UnixMs, shard: Shard, seq: number, nth: number): bigint {
  return (BigInt(at) << TIME_BITS) | BigInt((shard << 11) | ((seq % 256) << 3) | (nth % 8));
}

/** Of a transaction. */
export function transactionPlace(createdAt: UnixMs, txId: HexId): bigint {
  return (BigInt(createdAt) << TIME_BITS) | BigInt(Number.parseInt(txId.slice(-6), 16) & MASK);
}

/** The first place of a moment. */
export function firstPlace(at: UnixMs): bigint {
  return BigInt(at) << TIME_BITS;
}

/** Behind everything. */
export const LAST_PLACE: bigint = 2n ** 63n - 1n;

/** As it stands in a page token. */
export function placeText(place: bigint): string {
  return String(place);
}

/** undefined: not what `placeText` wrote. */
export function readPlaceText(text: string): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const place = BigInt(text);
  return place <= LAST_PLACE && place >= -LAST_PLACE ? place : undefined;
}
