import { type CborValue, decodeCbor } from "@countersign/protocol";
import { Status } from "./status.ts";
import { WireError } from "./wire-error.ts";

/**
 * The members of one request or answer map, read by number and checked as they are read. All of it is controlled by the
 * other side. A missing, ill-typed or out-of-range member throws WireError BAD_PARAM, and what is no det-CBOR map of
 * unsigned keys throws BAD_CBOR.
 */
export class Fields {
  readonly #map: ReadonlyMap<number, CborValue>;
  readonly #what: string;
  readonly #read = new Set<number>();

  constructor(what: string, bytes: Uint8Array) {
    this.#what = what;
    this.#map = bytes.length === 0 ? new Map() : decodeMap(what, bytes);
  }

  /** Byte string of exactly `length` bytes. */
  bytes(key: number, length: number): Uint8Array {
    const value = this.#take(key);
    if (value instanceof Uint8Array && value.length === length) return value;
    throw this.#bad(key, `${length} bytes`);
  }

  /** Byte string of 1 to `max` bytes; longer is TOO_LONG. */
  blob(key: number, max: number): Uint8Array {
    const value = this.#take(key);
    if (!(value instanceof Uint8Array) || value.length === 0) throw this.#bad(key, "bytes");
    if (value.length > max) {
      throw new WireError(Status.TOO_LONG, `${this.#what}: member ${key} has ${value.length} of at most ${max} bytes`);
    }
    return value;
  }

  /** Unsigned integer within bounds. */
  uint(key: number, min: number, max: number): number {
    const value = this.#take(key);
    if (typeof value === "number" && value >= min && value <= max) return value;
    throw this.#bad(key, `a number from ${min} to ${max}`);
  }

  /** One of a const object's numbers. */
  oneOf<T extends number>(key: number, values: Readonly<Record<string, T>>): T {
    const value = this.#take(key);
    const found = Object.values(values).find((known) => known === value);
    if (found === undefined) throw this.#bad(key, `one of ${Object.values(values).join(", ")}`);
    return found;
  }

  /** Text of 1 to `max` UTF-16 units. */
  text(key: number, max: number): string {
    const value = this.#take(key);
    if (typeof value === "string" && value.length > 0 && value.length <= max) return value;
    throw this.#bad(key, `a text of 1 to ${max} characters`);
  }

  bool(key: number): boolean {
    const value = this.#take(key);
    if (typeof value === "boolean") return value;
    throw this.#bad(key, "true or false");
  }

  list(key: number): readonly CborValue[] {
    const value = this.#take(key);
    if (isList(value)) return value;
    throw this.#bad(key, "a list");
  }

  /** `read(key)`, or undefined when the member is absent. */
  optional<T>(key: number, read: (key: number) => T): T | undefined {
    return this.#map.has(key) ? read(key) : undefined;
  }

  /** Ends a request: a member that was not read is unknown and refuses the whole. Answers do not call this. */
  end(): void {
    for (const key of this.#map.keys()) {
      if (!this.#read.has(key)) throw new WireError(Status.BAD_PARAM, `${this.#what}: member ${key} is unknown`);
    }
  }

  #take(key: number): CborValue | undefined {
    this.#read.add(key);
    return this.#map.get(key);
  }

  #bad(key: number, wanted: string): WireError {
    return new WireError(Status.BAD_PARAM, `${this.#what}: member ${key} must be ${wanted}`);
  }
}

function decodeMap(what: string, bytes: Uint8Array): ReadonlyMap<number, CborValue> {
  let value: CborValue;
  try {
    value = decodeCbor(bytes);
  } catch (cause) {
    throw new WireError(Status.BAD_CBOR, `${what}: ${cause instanceof Error ? cause.message : "no det-CBOR"}`);
  }
  if (value instanceof Map) return value;
  throw new WireError(Status.BAD_CBOR, `${what}: a map is due after the first byte`);
}

function isList(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}
