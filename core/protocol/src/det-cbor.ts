import { ProtocolError } from "./protocol-error.ts";

// Deterministic CBOR, a subset of RFC 8949 section 4.2.1 (docs/protocol/det-cbor.md):
//
//   head      = major type (3 bits) | argument in the shortest of 0, 1, 2, 4 or 8 bytes, big endian
//   major 0   unsigned, at most 2^53 - 1        major 1   -8..-1, only with `negative` (the COSE layer)
//   major 2   byte string                       major 3   text string, valid UTF-8
//   major 4   array                             major 5   map, keys integers, ascending by their encoding, once each
//   f4, f5    false, true
//
// Nothing else: no indefinite items, tags, floats, null, undefined. At most 4 containers deep.

/** What the subset can carry. */
export type CborValue = number | string | boolean | Uint8Array | readonly CborValue[] | ReadonlyMap<number, CborValue>;

/** `negative` also admits -8..-1, as values and as map keys: for COSE alone. */
export interface CborOptions {
  readonly negative?: boolean;
}

const MAX_DEPTH = 4;
// Below this length a loop over ASCII is faster than TextEncoder and TextDecoder.
const SHORT_TEXT = 48;
const encoder = new TextEncoder();
// ignoreBOM keeps U+FEFF in the text: dropped, two encodings would give one string.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The one encoding of a value. Throws `not-canonical` for a value outside the subset. */
export function encodeCbor(value: CborValue, options: CborOptions = {}): Uint8Array {
  const writer = new Writer(options.negative === true);
  writer.value(value, 0);
  return writer.bytes();
}

/** Reads exactly the bytes that encodeCbor makes; throws `not-canonical` for all others. The result shares no memory. */
export function decodeCbor(bytes: Uint8Array, options: CborOptions = {}): CborValue {
  const reader = new Reader(bytes, options.negative === true);
  const value = reader.value(0);
  reader.end();
  return value;
}

function refuse(why: string): never {
  throw new ProtocolError("not-canonical", why);
}

/** Order of map keys by their encoding: 0, 1, 2, …, then -1, -2, … */
function rank(key: number): number {
  return key >= 0 ? key - 2 ** 53 : -key;
}

// Encoding is synchronous and never re-entered, so all writers share one scratch buffer; bytes() copies out of it.
let scratch = new Uint8Array(4096);
let scratchView = new DataView(scratch.buffer);

class Writer {
  #length = 0;
  readonly #negative: boolean;

  constructor(negative: boolean) {
    this.#negative = negative;
  }

  bytes(): Uint8Array {
    return scratch.slice(0, this.#length);
  }

  value(value: CborValue, depth: number): void {
    if (typeof value === "number") this.#integer(value);
    else if (typeof value === "string") this.#text(value);
    else if (typeof value === "boolean") this.#head(7, value ? 21 : 20);
    else if (isBytes(value)) this.#bytes(value);
    else if (isArray(value)) this.#array(value, depth + 1);
    else if (value instanceof Map) this.#map(value, depth + 1);
    else refuse("a value outside the det-CBOR subset");
  }

  #integer(value: number): void {
    if (Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) this.#head(0, value);
    else if (this.#negative && Number.isInteger(value) && value >= -8 && value < 0) this.#head(1, -1 - value);
    else refuse(`the number ${value} is outside the det-CBOR subset`);
  }

  #text(text: string): void {
    if (text.length < SHORT_TEXT && this.#ascii(text)) return;
    if (!text.isWellFormed()) refuse("text with a lone surrogate");
    const bytes = encoder.encode(text);
    this.#head(3, bytes.length);
    this.#raw(bytes);
  }

  /** Writes short ASCII text without the detour over TextEncoder; leaves nothing behind when the text is not ASCII. */
  #ascii(text: string): boolean {
    const start = this.#length;
    this.#head(3, text.length);
    this.#room(text.length);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.#length = start;
        return false;
      }
      scratch[this.#length++] = unit;
    }
    return true;
  }

  #bytes(bytes: Uint8Array): void {
    this.#head(2, bytes.length);
    this.#raw(bytes);
  }

  #array(items: readonly CborValue[], depth: number): void {
    if (depth > MAX_DEPTH) refuse(`nested deeper than ${MAX_DEPTH}`);
    this.#head(4, items.length);
    for (const item of items) this.value(item, depth);
  }

  #map(map: ReadonlyMap<number, CborValue>, depth: number): void {
    if (depth > MAX_DEPTH) refuse(`nested deeper than ${MAX_DEPTH}`);
    this.#head(5, map.size);
    const members = [...map];
    if (!ascends(members)) members.sort(([a], [b]) => rank(a) - rank(b));
    for (const [key, member] of members) {
      if (typeof key !== "number") refuse("a map key that is no integer");
      this.#integer(key);
      this.value(member, depth);
    }
  }

  #head(major: number, argument: number): void {
    this.#room(9);
    const type = major << 5;
    let at = this.#length;
    if (argument < 24) {
      scratch[at++] = type | argument;
    } else if (argument < 0x100) {
      scratch[at++] = type | 24;
      scratch[at++] = argument;
    } else if (argument < 0x1_0000) {
      scratch[at] = type | 25;
      scratchView.setUint16(at + 1, argument);
      at += 3;
    } else if (argument < 0x1_0000_0000) {
      scratch[at] = type | 26;
      scratchView.setUint32(at + 1, argument);
      at += 5;
    } else {
      scratch[at] = type | 27;
      scratchView.setBigUint64(at + 1, BigInt(argument));
      at += 9;
    }
    this.#length = at;
  }

  #raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    scratch.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #room(more: number): void {
    if (this.#length + more <= scratch.length) return;
    const larger = new Uint8Array(Math.max(2 * scratch.length, this.#length + more));
    larger.set(scratch);
    scratch = larger;
    scratchView = new DataView(larger.buffer);
  }
}

function ascends(members: readonly (readonly [number, CborValue])[]): boolean {
  for (let i = 1; i < members.length; i++) if (rank(members[i]![0]) <= rank(members[i - 1]![0])) return false;
  return true;
}

// Reads attacker-controlled bytes: every length is checked against what is left before anything is allocated.
class Reader {
  readonly #buffer: Uint8Array;
  readonly #view: DataView;
  readonly #negative: boolean;
  #at = 0;

  constructor(bytes: Uint8Array, negative: boolean) {
    // A plain view: the slice() of a Node Buffer would share memory.
    this.#buffer = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#negative = negative;
  }

  end(): void {
    if (this.#at !== this.#buffer.length) refuse(`${this.#buffer.length - this.#at} bytes after the end`);
  }

  value(depth: number): CborValue {
    const initial = this.#buffer[this.#need(1)]!;
    const major = initial >> 5;
    if (major === 7) return this.#simple(initial);
    const argument = this.#argument(initial & 31);
    switch (major) {
      case 0:
        return argument;
      case 1:
        if (!this.#negative || argument > 7) refuse("a negative number outside the det-CBOR subset");
        return -1 - argument;
      case 2:
        return this.#raw(argument).slice();
      case 3:
        return this.#text(argument);
      case 4:
        return this.#array(argument, depth + 1);
      case 5:
        return this.#map(argument, depth + 1);
      default:
        return refuse("a tag");
    }
  }

  #simple(initial: number): boolean {
    if (initial !== 0xf4 && initial !== 0xf5) refuse("a simple value or float other than true and false");
    return initial === 0xf5;
  }

  #argument(info: number): number {
    if (info < 24) return info;
    if (info > 27) refuse(info === 31 ? "an indefinite length" : "a reserved length");
    const size = 1 << (info - 24);
    const at = this.#need(size);
    const argument = this.#big(at, size);
    if (argument < (size === 1 ? 24 : 2 ** (4 * size))) refuse("an integer or length that is not in its shortest form");
    if (argument > Number.MAX_SAFE_INTEGER) refuse("an integer above 2^53 - 1");
    return argument;
  }

  #big(at: number, size: number): number {
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at);
    if (size === 4) return this.#view.getUint32(at);
    return this.#view.getUint32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
  }

  #raw(length: number): Uint8Array {
    const at = this.#need(length);
    return this.#buffer.subarray(at, at + length);
  }

  #text(length: number): string {
    const bytes = this.#raw(length);
    if (length < SHORT_TEXT) {
      let text = "";
      let at = 0;
      while (at < length && bytes[at]! < 0x80) text += String.fromCharCode(bytes[at++]!);
      if (at === length) return text;
    }
    try {
      return decoder.decode(bytes);
    } catch {
      return refuse("text that is not UTF-8");
    }
  }

  #array(length: number, depth: number): readonly CborValue[] {
    this.#mayOpen(length, depth);
    const items: CborValue[] = [];
    for (let i = 0; i < length; i++) items.push(this.value(depth));
    return items;
  }

  #map(length: number, depth: number): ReadonlyMap<number, CborValue> {
    this.#mayOpen(2 * length, depth);
    const map = new Map<number, CborValue>();
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < length; i++) {
      const key = this.value(depth);
      if (typeof key !== "number") refuse("a map key that is no integer");
      if (rank(key) <= last) refuse("map keys that do not ascend");
      last = rank(key);
      map.set(key, this.value(depth));
    }
    return map;
  }

  #mayOpen(items: number, depth: number): void {
    if (depth > MAX_DEPTH) refuse(`nested deeper than ${MAX_DEPTH}`);
    if (items > this.#buffer.length - this.#at) refuse("cut short");
  }

  #need(length: number): number {
    if (length > this.#buffer.length - this.#at) refuse("cut short");
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function isArray(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}
