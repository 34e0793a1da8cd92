import type { EntityKey, HexId, UnixMs } from "../store/entity.ts";

/** Rows 3, 5 and 6 burn no try, so a flood of garbage is slowed here, before it costs a commit. */
const MOST_PER_MINUTE = 30;
const MINUTE_MS = 60_000;

/** Statements over one transaction that no acceptable key of its user signed, in the minute that the first began. */
export interface BadSignatures {
  readonly since: UnixMs;
  readonly count: number;
}

/** In the transaction's shard: the count rides on the commit that notes the statement. */
export function badSignaturesKey(txId: HexId): EntityKey<"bad-signatures"> {
  return { type: "bad-signatures", tenant: "", id: txId };
}

/** Milliseconds until this transaction may have another one, or undefined: now. */
export function badSignatureWait(counted: BadSignatures | undefined, now: UnixMs): number | undefined {
  if (counted === undefined || counted.count < MOST_PER_MINUTE || !isCurrent(counted, now)) return undefined;
  return counted.since + MINUTE_MS - now;
}

/** With one more. */
export function countBadSignature(counted: BadSignatures | undefined, now: UnixMs): BadSignatures {
  if (counted === undefined || !isCurrent(counted, now)) return { since: now, count: 1 };
  return { ...counted, count: counted.count + 1 };
}

function isCurrent({ since }: BadSignatures, now: UnixMs): boolean {
  return since <= now && now < since + MINUTE_MS;
}
