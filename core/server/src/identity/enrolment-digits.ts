// Digits that bind an enrolment token to a person: they reach him off the PC and are typed on the key itself. They are
// derived, so that a repeated BeginEnrolment answers the same ones, and stored nowhere. The key's proof of them passes the
// PC: 16 digits are more than can be tried within the life of a token.
import { digitsProofOf, equalBytes, hmacSha256, utf8, type MacKey } from "@countersign/protocol";
import type { NewKey } from "./new-key.ts";

const DRAW = utf8("countersign/enrolment-digits/v1\0");
const DIGITS = 16;
const RANGE = 10n ** BigInt(DIGITS);

/** Wrong digits that an enrolment token bears. */
export const DIGIT_TRIES = 3;

/** Prints as `[digits]`. */
export class EnrolmentDigits {
  readonly #digits: string;
  constructor(digits: string) {
    this.#digits = digits;
  }
  /** For the answer to the relying party, which hands them to the user. */
  reveal(): string {
    return this.#digits;
  }
  toString(): string {
    return "[digits]";
  }
  toJSON(): string {
    return "[digits]";
  }
}

/** Sixteen unbiased digits for a challenge. */
export function digitsFor(secrets: { readonly token: MacKey }, challenge: Uint8Array): EnrolmentDigits {
  for (let block = 0; ; block++) {
    const bytes = hmacSha256(secrets.token, DRAW, challenge, Uint8Array.of(block));
    const word = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
    // Above the last whole multiple some digits would come more often.
    if (word < (2n ** 64n / RANGE) * RANGE) return new EnrolmentDigits(String(word % RANGE).padStart(DIGITS, "0"));
  }
}

/** Whether the key proves the digits that were handed out for this challenge, for the public key that it enrols. */
export function digitsFit(
  secrets: { readonly token: MacKey },
  challenge: Uint8Array,
  { publicKey, digitsProof }: Pick<NewKey, "publicKey" | "digitsProof">,
): boolean {
  const expected = digitsProofOf(digitsFor(secrets, challenge).reveal(), challenge, publicKey);
  return digitsProof !== undefined && equalBytes(expected, digitsProof);
}
