import { checkLength } from "./byte-length.ts";
import { utf8 } from "./bytes.ts";
import type { MacKey } from "./platform.ts";
import { ProtocolError } from "./protocol-error.ts";
import { hmacSha256, macKey } from "#platform";

// code      = d digits by rejection sampling over the u64 words of
//             HMAC-SHA-256(K_code, "countersign/code/v1\0" || serverId || txId || nonce || txDigest || issue || u8 block)
// issue     = u32 epoch || u32 n, big endian
// codeProof = HMAC-SHA-256(key = nonce, "countersign/proof/v1\0" || txDigest || ASCII code)
//                                                     docs/protocol/code-and-statement.md sections 3 and 4

/** The digits that reach the user over the second channel. Prints as `[code]` everywhere. */
export class Code {
  readonly #digits: string;

  /** Throws `bad-field` unless given 6 to 10 ASCII digits; the refusal does not repeat them. */
  constructor(digits: string) {
    if (!CODE.test(digits)) throw new ProtocolError("bad-field", "a code has 6 to 10 digits", { field: "code" });
    this.#digits = digits;
  }
  /** The only way out: called where the message to the phone is written, and where the proof is made. */
  reveal(): string {
    return this.#digits;
  }
  toString(): string {
    return "[code]";
  }
  toJSON(): string {
    return "[code]";
  }
}
Object.defineProperty(Code.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: () => "[code]" });

/** Which drawing of a transaction's code: a resend or a change of the store's epoch makes a new one. Both u32. */
export interface Issue {
  readonly epoch: number;
  readonly n: number;
}

/** What a code is bound to: good for this transaction, this content and this issue alone. */
export interface CodeBinding {
  readonly serverId: Uint8Array;
  readonly txId: Uint8Array;
  readonly nonce: Uint8Array;
  readonly txDigest: Uint8Array;
  readonly issue: Issue;
}

const CODE = /^\d{6,10}$/;
const CODE_DOMAIN = utf8("countersign/code/v1\0");
const PROOF_DOMAIN = utf8("countersign/proof/v1\0");
const MAX_BLOCKS = 256;
const TWO_64 = 2n ** 64n;
const POWERS_OF_TEN = Array.from({ length: 11 }, (_, digits) => 10n ** BigInt(digits));

/** Derives the code of one issue; never stored. `digits` is 6 to 10. */
export function deriveCode(kCode: MacKey, bound: CodeBinding, digits: number): Code {
  checkLength(bound.serverId, 16, "serverId");
  checkLength(bound.txId, 16, "txId");
  checkLength(bound.nonce, 32, "nonce");
  checkLength(bound.txDigest, 32, "txDigest");
  if (!Number.isInteger(digits) || digits < 6 || digits > 10) {
    throw new ProtocolError("bad-field", "expected 6 to 10", { field: "digits" });
  }
  const { serverId, txId, nonce, txDigest } = bound;
  const issue = new Uint8Array(8);
  writeU32(issue, 0, u32(bound.issue.epoch, "issue.epoch"));
  writeU32(issue, 4, u32(bound.issue.n, "issue.n"));
  for (let block = 0; block < MAX_BLOCKS; block++) {
    const words = hmacSha256(kCode, CODE_DOMAIN, serverId, txId, nonce, txDigest, issue, Uint8Array.of(block));
    const found = sampleDigits(words, digits);
    if (found !== undefined) return new Code(found);
  }
  // 1024 words in a row above the limit: does not happen with a real HMAC.
  throw new Error("no code in 256 blocks: SHA-256 of this platform is broken");
}

/** The first big-endian u64 word below the highest multiple of 10^digits, modulo 10^digits; undefined if there is none. */
export function sampleDigits(block: Uint8Array, digits: number): string | undefined {
  const modulus = POWERS_OF_TEN[digits] ?? 10n ** BigInt(digits);
  const limit = TWO_64 - (TWO_64 % modulus);
  for (let at = 0; at + 8 <= block.length; at += 8) {
    const word = (BigInt(readU32(block, at)) << 32n) | BigInt(readU32(block, at + 4));
    if (word < limit) return (word % modulus).toString().padStart(digits, "0");
  }
  return undefined;
}

/** What the statement carries instead of the code. Whoever sees it can guess the code, which is good for this transaction alone. */
export function codeProofOf(nonce: Uint8Array, txDigest: Uint8Array, code: Code | string): Uint8Array {
  checkLength(nonce, 32, "nonce");
  checkLength(txDigest, 32, "txDigest");
  const digits = (typeof code === "string" ? new Code(code) : code).reveal();
  return hmacSha256(macKey(nonce), PROOF_DOMAIN, txDigest, utf8(digits));
}

// Not by a DataView: asked for its buffer, V8 moves a short array out of its heap, which takes longer than the rest.
function writeU32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (24 - 8 * i);
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function u32(value: number, field: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) return value;
  throw new ProtocolError("bad-field", "expected an unsigned 32-bit integer", { field });
}
