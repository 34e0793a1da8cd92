// Looks at a request's bytes before anything decodes them. Protobuf decoders keep the last of two values, drop what
// they do not know and mend bad text; a request that two programs may read differently is refused here instead.
// All input is attacker-controlled. Field order is free, repeated scalars may be packed or not, in any number of pieces.
//
// message = { tag varint = field number << 3 | wire type, value }
// wire types: 0 varint, 1 eight bytes, 2 length varint and that many bytes, 5 four bytes; 3 and 4 (groups) are refused
import { isUtf8 } from "node:buffer";
import { MESSAGES, REQUESTS, type WireField, type WireType } from "@countersign/proto/wire-schema";
import type { Violation } from "./refusal.ts";

type MessageName = `.${string}`;

/** More than any message of ours has. */
const MAX_DEPTH = 8;
const MAX_TAG = 2 ** 32 - 1;

/** Finds what is wrong with the request of an RPC, by the RPC's path; undefined: every decoder reads it alike. */
export function scanRequest(path: string, bytes: Uint8Array): Violation | undefined {
  const request = REQUESTS[path];
  if (request === undefined) return { field: "request", description: `${path} is not known` };
  return scanMessage(request, bytes);
}

/** The same for a message by its name, with a leading dot. */
export function scanMessage(name: MessageName, bytes: Uint8Array): Violation | undefined {
  try {
    new Scan(bytes).message(name, bytes.length, "", 0);
    return undefined;
  } catch (error) {
    if (error instanceof WireError) return { field: error.field, description: error.message };
    throw error;
  }
}

class WireError extends Error {
  override readonly name = "WireError";
  readonly field: string;
  constructor(field: string, rule: string) {
    super(rule);
    this.field = field === "" ? "request" : field;
  }
}

const WIRE_TYPE: Readonly<Record<Exclude<WireType, MessageName>, number>> = {
  bool: 0,
  int32: 0,
  uint32: 0,
  int64: 0,
  uint64: 0,
  fixed64: 1,
  string: 2,
  bytes: 2,
  fixed32: 5,
};

class Scan {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  message(name: MessageName, end: number, path: string, depth: number): void {
    const fields = MESSAGES[name];
    if (fields === undefined) throw new WireError(path, `${name} is not known`);
    if (depth > MAX_DEPTH) throw new WireError(path, "nested too deep");
    /** Singular fields and oneofs that were met, and how often each repeated one was. */
    const met = new Map<string, number>();
    while (this.#at < end) {
      const tag = Number(this.#varint(end, path)); // inexact only where it is too large anyway
      if (tag > MAX_TAG) throw new WireError(path, "a field number is too large");
      const number = Math.floor(tag / 8);
      const field = fields[number];
      if (field === undefined) throw new WireError(path, `field ${number} is not known`);
      this.#field(field, tag % 8, { end, path, depth, met });
    }
  }

  #field(field: WireField, wireType: number, within: Within): void {
    const [name, type, rule] = field;
    const path = placeOf(within, name, rule);
    if (isMessage(type)) {
      if (wireType !== 2) throw new WireError(path, `wire type ${wireType} where a message is expected`);
      this.message(type, this.#length(within.end, path), path, within.depth + 1);
      return;
    }
    const expected = WIRE_TYPE[type];
    if (wireType === expected) this.#value(type, within.end, path);
    else if (wireType === 2 && rule === "*" && expected !== 2) this.#packed(type, within.end, path);
    else throw new WireError(path, `wire type ${wireType} where ${type} is expected`);
  }

  #packed(type: Exclude<WireType, MessageName>, end: number, path: string): void {
    const until = this.#length(end, path);
    while (this.#at < until) this.#value(type, until, path);
  }

  #value(type: Exclude<WireType, MessageName>, end: number, path: string): void {
    switch (type) {
      case "bool":
      case "int32":
      case "uint32":
      case "int64":
      case "uint64":
        checkRange(type, this.#varint(end, path), path);
        return;
      case "fixed32":
        this.#skip(4, end, path);
        return;
      case "fixed64":
        this.#skip(8, end, path);
        return;
      case "bytes":
        this.#at = this.#length(end, path);
        return;
      case "string":
        this.#text(this.#length(end, path), path);
        return;
    }
  }

  #text(until: number, path: string): void {
    if (!isUtf8(this.#bytes.subarray(this.#at, until))) throw new WireError(path, "not valid UTF-8");
    this.#at = until;
  }

  #skip(length: number, end: number, path: string): void {
    if (this.#at + length > end) throw new WireError(path, "cut short");
    this.#at += length;
  }

  /** Reads a length; where what it measures ends, which is inside what holds it. */
  #length(end: number, path: string): number {
    const length = Number(this.#varint(end, path)); // inexact only where it is too large anyway
    if (length > end - this.#at) throw new WireError(path, "longer than what holds it");
    return this.#at + length;
  }

  /** The shortest spelling only, at most 64 bits. */
  #varint(end: number, path: string): number | bigint {
    let value = 0;
    for (let place = 1; place < 2 ** (7 * SHORT_VARINT); place *= 128) {
      const byte = this.#byte(end, path);
      value += (byte & 0x7f) * place;
      if (byte >= 0x80) continue;
      if (byte === 0 && place > 1) throw new WireError(path, TOO_MANY_BYTES);
      return value;
    }
    return this.#longVarint(BigInt(value), end, path);
  }

  #longVarint(begun: bigint, end: number, path: string): bigint {
    let value = begun;
    for (let shift = BigInt(7 * SHORT_VARINT); shift < 70n; shift += 7n) {
      const byte = this.#byte(end, path);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (byte === 0 || value >= 2n ** 64n) break;
      return value;
    }
    throw new WireError(path, TOO_MANY_BYTES);
  }

  #byte(end: number, path: string): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined || this.#at >= end) throw new WireError(path, "cut short");
    this.#at += 1;
    return byte;
  }
}

/** Bytes of a varint that are read without large integers. */
const SHORT_VARINT = 7;
const TOO_MANY_BYTES = "a number is spelled in too many bytes";

interface Within {
  readonly end: number;
  readonly path: string;
  readonly depth: number;
  readonly met: Map<string, number>;
}

function isMessage(type: WireType): type is MessageName {
  return type.startsWith(".");
}

/** The field's path, after checking that it may come here once more. */
function placeOf({ path, met }: Within, name: string, rule: WireField[2]): string {
  const place = path === "" ? name : `${path}.${name}`;
  const slot = rule === undefined || rule === "*" ? name : rule;
  const times = met.get(slot) ?? 0;
  met.set(slot, times + 1);
  if (rule === "*") return `${place}[${times}]`;
  if (times === 0) return place;
  throw new WireError(
    place,
    rule === undefined ? "given twice" : `two of the alternatives of ${rule.slice(1)} are given`,
  );
}

/** Decoders cut what is too large; negative 32-bit numbers travel as 64 bits. */
function checkRange(type: Exclude<WireType, MessageName>, value: number | bigint, path: string): void {
  const fits =
    type === "bool"
      ? value <= 1
      : type === "uint32"
        ? value < 2 ** 32
        : type !== "int32" || value < 2 ** 31 || value >= 2n ** 64n - 2n ** 31n;
  if (!fits) throw new WireError(path, `${value} does not fit ${type}`);
}
