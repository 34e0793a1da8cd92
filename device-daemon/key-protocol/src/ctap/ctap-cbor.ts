// CTAP2 canonical CBOR: shortest integers and lengths, no indefinite items, no tags, no floats, no null, at most four
// levels, map keys ordered by major type, then length, then bytes. For integer and text keys that is the bytewise order of
// RFC 8949 section 4.2.1, which is what cbor2 sorts by.                                   docs/protocol/fido2.md

import { cdeEncodeOptions, decode, decodeSequence, type DecodeOptions, encode } from "cbor2";
import { sortCoreDeterministic } from "cbor2/sorts";
import { CtapError } from "./ctap-error.ts";
import { CtapStatus } from "./ctap-status.ts";

/** What a CTAP2 message may hold. */
export type CtapValue = number | string | boolean | Uint8Array | readonly CtapValue[] | CtapMap;

/** A map of a CTAP2 message; a type of its own, so that it can hold itself. */
export interface CtapMap extends ReadonlyMap<number | string, CtapValue> {}

/** How strict the reader is. */
export interface CtapCborOptions {
  /** Map keys may stand in any order, but no key twice. For getInfo: some keys in the field were built without care. */
  readonly anyOrder?: boolean;
}

/** Deepest nesting of arrays and maps. */
const MAX_DEPTH = 4;

/** Longest CBOR that is read: CTAPHID itself carries no more. */
const MAX_BYTES = 7608;

const STRICT: DecodeOptions = {
  cde: true,
  preferMap: true,
  rejectFloats: true,
  rejectUndefined: true,
  rejectSimple: true,
  rejectBigInts: true,
  rejectNegativeZero: true,
  // Bounds its stack; it counts differently for lists and maps, so `checked` counts the levels.
  maxDepth: 4 * MAX_DEPTH,
  ignoreGlobalTags: true,
  sortKeys: sortCoreDeterministic,
};

const ANY_ORDER: DecodeOptions = { ...STRICT, sortKeys: null, rejectDuplicateKeys: true };

/** The canonical bytes of a value. Throws CtapError for what CTAP2 cannot say: fractions, unsafe integers, deep nesting. */
export function encodeCtap(value: CtapValue): Uint8Array {
  return new Uint8Array(encode(checked(value, 0), cdeEncodeOptions));
}

/** Reads exactly one value, controlled by the other side. Throws CtapError INVALID_CBOR for anything not canonical. */
export function decodeCtap(bytes: Uint8Array, options: CtapCborOptions = {}): CtapValue {
  return reading(bytes, (plain) => decode(plain, options.anyOrder === true ? ANY_ORDER : STRICT));
}

/** Reads the value at the beginning; `length` is how many bytes it takes. Throws CtapError INVALID_CBOR. */
export function decodeCtapPrefix(bytes: Uint8Array): { readonly value: CtapValue; readonly length: number } {
  const value = reading(bytes, (plain) => {
    const first = decodeSequence(plain, STRICT).next();
    if (first.done === true) throw new Error("nothing there");
    return first.value;
  });
  // Canonical bytes have one form only, so writing tells how many were read.
  return { value, length: encodeCtap(value).length };
}

function reading(bytes: Uint8Array, read: (plain: Uint8Array) => unknown): CtapValue {
  if (bytes.length > MAX_BYTES) throw invalid(`${bytes.length} bytes`);
  let value: unknown;
  try {
    value = read(new Uint8Array(bytes));
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : "unreadable");
  }
  return checked(value, 0);
}

// cbor2 knows more than CTAP2: what is left of it after its own checks (null, big integers, tags, odd keys) ends here.
// Byte strings are copied, so that nothing shares memory with a buffer of somebody else.
function checked(value: unknown, depth: number): CtapValue {
  if (typeof value === "string" || typeof value === "boolean") return text(value);
  if (typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0)) return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (depth >= MAX_DEPTH) throw invalid("nested too deep, or of a type that CTAP2 does not have");
  if (Array.isArray(value)) return value.map((item) => checked(item, depth + 1));
  if (value instanceof Map) {
    const members = [...value].map(([key, member]) => [checkedKey(key), checked(member, depth + 1)] as const);
    return new Map(members);
  }
  throw invalid("a value of a type that CTAP2 does not have");
}

function checkedKey(key: unknown): number | string {
  if (typeof key === "string") return text(key);
  if (typeof key === "number" && Number.isSafeInteger(key) && !Object.is(key, -0)) return key;
  throw invalid("a map key that is neither an integer nor text");
}

function text<T extends string | boolean>(value: T): T {
  if (typeof value === "string" && !value.isWellFormed()) throw invalid("text with a lone surrogate");
  return value;
}

function invalid(why: string): CtapError {
  return new CtapError(CtapStatus.INVALID_CBOR, `no CTAP2 CBOR: ${why}`);
}
