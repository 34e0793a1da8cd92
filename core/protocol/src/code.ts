import { checkLength } from "./byte-length.ts";
import { concatBytes, utf8 } from "./bytes.ts";
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
const MOST_DIGITS = 10;
const TWO_64 = 2n ** 64n;
const SAMPLING = Array.from({ length: 11 }, (_, digits) => samplingOf(digits));

/** Derives the code of one issue; never stored. `digits` is 6 to 10. */
export function deriveCode(kCode: MacKey, { issue, ...bound }: CodeBinding, digits: number): Code {
  return codeDeriver(kCode, bound, digits)(issue);
}

/** The same for several issues of one transaction: what they have in common is put together once. */
export function codeDeriver(
  kCode: MacKey,
  { serverId, txId, nonce, txDigest }: Omit<CodeBinding, "issue">,
  digits: number,
): (issue: Issue) => Code {
  checkLength(serverId, 16, "serverId");
  checkLength(txId, 16, "txId");
  checkLength(nonce, 32, "nonce");
  checkLength(txDigest, 32, "txDigest");
  if (!Number.isInteger(digits) || digits < 6 || digits > 10) {
    throw new ProtocolError("bad-field", "expected 6 to 10", { field: "digits" });
  }
  const message = concatBytes(CODE_DOMAIN, serverId, txId, nonce, txDigest, new Uint8Array(9));
  const issueAt = message.length - 9;
  return ({ epoch, n }) => {
    writeU32(message, issueAt, u32(epoch, "issue.epoch"));
    writeU32(message, issueAt + 4, u32(n, "issue.n"));
    for (let block = 0; block < MAX_BLOCKS; block++) {
      message[message.length - 1] = block;
      const found = sampleDigits(hmacSha256(kCode, message), digits);
      if (found !== undefined) return new Code(found);
    }
    // 1024 words in a row above the limit: does not happen with a real HMAC.
    throw new Error("no code in 256 blocks: SHA-256 of this platform is broken");
  };
}

/** The first big-endian u64 word below the highest multiple of 10^digits, modulo 10^digits; undefined if there is none. */
export function sampleDigits(block: Uint8Array, digits: number): string | undefined {
  const { modulus, high, low } = SAMPLING[digits] ?? samplingOf(digits);
  for (let at = 0; at + 8 <= block.length; at += 8) {
    const word = readU32(block, at);
    if (word > high || (word === high && readU32(block, at + 4) >= low)) continue;
    // By 16 bits at a time: every step stays below 2^53.
    let rest = 0;
    for (let i = at; i < at + 8; i += 2) rest = (rest * 65_536 + ((block[i]! << 8) | block[i + 1]!)) % modulus;
    return String(rest).padStart(digits, "0");
  }
  return undefined;
}

/** 10^digits, and its highest multiple below 2^64 as two words. */
function samplingOf(digits: number): { readonly modulus: number; readonly high: number; readonly low: number } {
  const modulus = 10n ** BigInt(digits);
  const limit = TWO_64 - (TWO_64 % modulus);
  return { modulus: Number(modulus), high: Number(limit >> 32n), low: Number(limit & 0xffff_ffffn) };
}

/** What the statement carries instead of the code. Whoever sees it can guess the code, which is good for this transaction alone. */
export function codeProofOf(nonce: Uint8Array, txDigest: Uint8Array, code: Code | string): Uint8Array {
  return codeProver(nonce, txDigest)(code);
}

/** The same for several codes of one transaction. */
export function codeProver(nonce: Uint8Array, txDigest: Uint8Array): (code: Code | string) => Uint8Array {
  checkLength(nonce, 32, "nonce");
  checkLength(txDigest, 32, "txDigest");
  const key = macKey(nonce);
  const at = PROOF_DOMAIN.length + txDigest.length;
  const room = concatBytes(PROOF_DOMAIN, txDigest, new Uint8Array(MOST_DIGITS));
  return (code) => {
    const digits = (typeof code === "string" ? new Code(code) : code).reveal();
    const message = room.subarray(0, at + digits.length);
    for (let i = 0; i < digits.length; i++) message[at + i] = digits.charCodeAt(i);
    return hmacSha256(key, message);
  };
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
