import { sha256 } from "@countersign/protocol";

/** The large-blob array that holds nothing: the CBOR of an empty array, then 16 bytes of its SHA-256. */
export const EMPTY_BLOBS: Uint8Array = Uint8Array.of(0x80, ...sha256(Uint8Array.of(0x80)).subarray(0, 16));
