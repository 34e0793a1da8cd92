import { checkLength } from "./byte-length.ts";
import { utf8 } from "./bytes.ts";
import { TAG_WORDS } from "./tag-words.ts";
import { sha256 } from "#platform";

const TAG = utf8("countersign/tag/v1\0");

/**
 * Two words by which a person matches key, phone and PC, such as `AMBER TIGER`: bits 0-10 and 11-21 of
 * SHA-256("countersign/tag/v1\0" || txId || nonce || txDigest). A help to match, no security
 * (docs/protocol/code-and-statement.md section 2).
 */
export function tagOf(txId: Uint8Array, nonce: Uint8Array, txDigest: Uint8Array): string {
  checkLength(txId, 16, "txId");
  checkLength(nonce, 32, "nonce");
  checkLength(txDigest, 32, "txDigest");
  const hash = sha256(TAG, txId, nonce, txDigest);
  const bits = new DataView(hash.buffer, hash.byteOffset).getUint32(0);
  return `${TAG_WORDS[bits >>> 21]} ${TAG_WORDS[(bits >>> 10) & 2047]}`;
}
