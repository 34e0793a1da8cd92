import type { AuthenticatorInfo } from "@countersign/key-protocol";

/** Bytes that the rest of a request takes at most: relying party, hashes, names, tag. */
const REST = 700;

/** Bytes of one descriptor around its id: map, "id", "type", "public-key", lengths. */
const AROUND = 24;

/** Credentials in lists that a key takes in one request; ids longer than it can make are left out, because it has none. */
export function credentialBatches(
  ids: readonly Uint8Array[],
  info: AuthenticatorInfo,
  maxMessage: number = info.maxMsgSize,
): readonly (readonly Uint8Array[])[] {
  const mostItems = info.maxCredentialCountInList ?? Number.POSITIVE_INFINITY;
  const mostBytes = Math.max(0, maxMessage - REST);
  const batches: Uint8Array[][] = [];
  let bytes = 0;
  for (const id of ids) {
    if (id.length > (info.maxCredentialIdLength ?? Number.POSITIVE_INFINITY)) continue;
    const last = batches.at(-1);
    const size = id.length + AROUND;
    if (last !== undefined && last.length < mostItems && bytes + size <= mostBytes) {
      last.push(id);
      bytes += size;
    } else {
      batches.push([id]);
      bytes = size;
    }
  }
  return batches;
}
