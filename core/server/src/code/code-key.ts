// Which K_code the codes of a transaction are of: its id says so, in the six bits of its first two bytes that the shard
// leaves free. So whoever has the id needs nothing else, and a key can be exchanged while transactions are open.
import type { MacKey } from "@countersign/protocol";
import { RefusalError } from "../rpc/refusal-of-error.ts";
import { refuse } from "../rpc/refusal.ts";
import { SHARDS, type HexId, type Shard } from "../store/entity.ts";

/** Numbers of keys repeat after so many exchanges. */
const NUMBERS = 64;

/** K_code as the installation has it: the one for new transactions, and others by their number. */
export interface CodeKeys {
  readonly code: MacKey;
  /** Absent: there never was another one. */
  readonly codeKeys?: { readonly inUse: number; readonly known: ReadonlyMap<number, MacKey> } | undefined;
}

/** The first two bytes of a new transaction's id. */
export function idPrefix(shard: Shard, { codeKeys }: CodeKeys): string {
  const number = (codeKeys?.inUse ?? 1) - 1;
  return ((number % NUMBERS) * SHARDS + shard).toString(16).padStart(4, "0");
}

/**
 * The key of a transaction's codes. Of one whose key is gone it is the one in use: a code that is out is wrong then, and
 * the next one is right. So it is for ids that no core made.
 */
export function codeKeyOf({ code, codeKeys }: CodeKeys, txId: HexId): MacKey {
  if (codeKeys === undefined) return code;
  const wanted = numberOf(txId);
  for (const [number, key] of codeKeys.known) if ((number - 1) % NUMBERS === wanted) return key;
  return code;
}

/** Throws UNAVAILABLE where the transaction is of a newer key than this core was given: it must judge none of its codes. */
export function requireCodeKey({ codeKeys }: CodeKeys, txId: HexId): void {
  const known = [...(codeKeys?.known.keys() ?? [1])];
  const ahead = (numberOf(txId) - (Math.max(...known) - 1) + NUMBERS) % NUMBERS;
  if (ahead === 0 || ahead >= NUMBERS / 2) return;
  throw new RefusalError(
    refuse("UNAVAILABLE", "This core has not got the key of these codes yet. Ask another one.", { retryAfterMs: 1000 }),
  );
}

function numberOf(txId: HexId): number {
  return Math.floor(Number.parseInt(txId.slice(0, 4), 16) / SHARDS);
}
