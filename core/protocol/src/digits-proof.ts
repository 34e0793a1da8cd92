import { checkLength } from "./byte-length.ts";
import { concatBytes, utf8 } from "./bytes.ts";
import { hmacSha256, macKey } from "#platform";

// digitsProof = PBKDF2-HMAC-SHA256(password = ASCII digits, salt = "countersign/enrol-digits/v1\0" || challenge ||
//               public key, 4096 iterations, 32 bytes)              docs/protocol/code-and-statement.md section 7

const DOMAIN = utf8("countersign/enrol-digits/v1\0");
const FIRST_BLOCK = Uint8Array.of(0, 0, 0, 1);
const ITERATIONS = 4096;
const DIGITS = /^[0-9]{6,16}$/;

/**
 * What an enrolment says of the token digits that were typed on the key. It passes the user's PC, so it tells neither the
 * digits, as far as 16 of them cannot be guessed in the ten minutes of a token, nor anything about another public key.
 * Takes some milliseconds, by design.
 */
export function digitsProofOf(digits: string, challenge: Uint8Array, publicKey: Uint8Array): Uint8Array {
  if (!DIGITS.test(digits)) throw new Error("token digits must be 6 to 16 digits");
  checkLength(challenge, 32, "challenge");
  const password = macKey(utf8(digits));
  let block = hmacSha256(password, concatBytes(DOMAIN, challenge, publicKey, FIRST_BLOCK));
  const proof = block.slice();
  for (let i = 1; i < ITERATIONS; i++) {
    block = hmacSha256(password, block);
    for (const [at, byte] of block.entries()) proof[at]! ^= byte;
  }
  return proof;
}
