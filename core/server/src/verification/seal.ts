// Hides a signed statement while its compare is open: XOR with HMAC(K_code, "countersign/open-compare/v1\0" ‖ nonce ‖ u32 block).
// Integrity is the entity's own MAC. sealed = nonce(16) ‖ bytes.
import { concatBytes, hmacSha256, utf8, type MacKey } from "@countersign/protocol";

const DOMAIN = utf8("countersign/open-compare/v1\0");
const NONCE_BYTES = 16;
const BLOCK_BYTES = 32;

/** `nonce`: 16 random bytes, drawn for this one call. */
export function seal(code: MacKey, nonce: Uint8Array, bytes: Uint8Array): Uint8Array {
  return concatBytes(nonce, mask(code, nonce, bytes));
}

/** The inverse of seal. */
export function unseal(code: MacKey, sealed: Uint8Array): Uint8Array {
  return mask(code, sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES));
}

function mask(code: MacKey, nonce: Uint8Array, bytes: Uint8Array): Uint8Array {
  const masked = new Uint8Array(bytes.length);
  const block = concatBytes(DOMAIN, nonce, new Uint8Array(4));
  const counter = new DataView(block.buffer, block.length - 4);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    counter.setUint32(0, at / BLOCK_BYTES);
    const stream = hmacSha256(code, block);
    for (let i = at; i < Math.min(at + BLOCK_BYTES, bytes.length); i++) masked[i] = bytes[i]! ^ stream[i - at]!;
  }
  return masked;
}
