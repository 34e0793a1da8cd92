// Digits that bind an enrolment token to a person: they reach him off the PC and are typed on the key itself. They are
// derived, so that a repeated BeginEnrolment answers the same ones, and stored nowhere.
import { concatBytes, equalBytes, hmacSha256, utf8, type MacKey } from "@countersign/protocol";

const DRAW = utf8("countersign/enrolment-digits/v1\0");
const MAC = utf8("countersign/digits/v1\0");
const DIGITS = 8;
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

/** Eight unbiased digits for a challenge. */
export function digitsFor(secrets: { readonly token: MacKey }, challenge: Uint8Array): EnrolmentDigits {
  for (let block = 0; ; block++) {
    const bytes = hmacSha256(secrets.token, DRAW, challenge, Uint8Array.of(block));
    const word = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
    // Above the last whole multiple some digits would come more often.
    if (word < (2n ** 64n / RANGE) * RANGE) return new EnrolmentDigits(String(word % RANGE).padStart(DIGITS, "0"));
  }
}

/** What is stored to check them by. */
export function digitsMac(secrets: { readonly token: MacKey }, challenge: Uint8Array, digits: string): Uint8Array {
  return hmacSha256(secrets.token, concatBytes(MAC, challenge), utf8(digits));
}

export function digitsFit(
  secrets: { readonly token: MacKey },
  challenge: Uint8Array,
  { typed, mac }: { typed: string | undefined; mac: Uint8Array },
): boolean {
  return typed !== undefined && equalBytes(digitsMac(secrets, challenge, typed), mac);
}
