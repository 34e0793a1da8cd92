import type { CtapMap, CtapValue } from "./ctap-cbor.ts";
import { CtapError } from "./ctap-error.ts";
import { CtapStatus } from "./ctap-status.ts";

/**
 * The members of one CTAP2 map, checked as they are read; all of it is controlled by the other side. An absent member
 * throws CtapError MISSING_PARAMETER, an ill-typed one CBOR_UNEXPECTED_TYPE, one out of range INVALID_PARAMETER. Members
 * that nobody asks for are passed over, as CTAP2 wants it.
 */
export class CtapFields {
  readonly #what: string;
  readonly #map: CtapMap;

  /** Throws CtapError CBOR_UNEXPECTED_TYPE unless `value` is a map. */
  constructor(what: string, value: CtapValue | undefined) {
    if (!(value instanceof Map)) throw new CtapError(CtapStatus.CBOR_UNEXPECTED_TYPE, `${what} must be a map`);
    this.#what = what;
    this.#map = value;
  }

  has(key: number | string): boolean {
    return this.#map.has(key);
  }

  /** `read(key)`, or undefined when the member is absent. */
  optional<T>(key: number | string, read: (key: number | string) => T): T | undefined {
    return this.#map.has(key) ? read(key) : undefined;
  }

  /** Byte string of `min` to `max` bytes. */
  bytes(key: number | string, min: number, max: number = min): Uint8Array {
    const value = this.#take(key);
    if (!(value instanceof Uint8Array)) throw this.#type(key, "bytes");
    if (value.length < min || value.length > max) throw this.#range(key, `${min} to ${max} bytes`);
    return value;
  }

  /** Text of at most `max` UTF-16 units. */
  text(key: number | string, max: number): string {
    const value = this.#take(key);
    if (typeof value !== "string") throw this.#type(key, "text");
    if (value.length > max) throw this.#range(key, `at most ${max} characters`);
    return value;
  }

  integer(key: number | string, min: number, max: number): number {
    const value = this.#take(key);
    if (typeof value !== "number") throw this.#type(key, "an integer");
    if (value < min || value > max) throw this.#range(key, `${min} to ${max}`);
    return value;
  }

  bool(key: number | string): boolean {
    const value = this.#take(key);
    if (typeof value !== "boolean") throw this.#type(key, "true or false");
    return value;
  }

  map(key: number | string): CtapFields {
    return new CtapFields(`${this.#what}, member ${key}`, this.#take(key));
  }

  /** A map, as it came. */
  rawMap(key: number | string): CtapMap {
    const value = this.#take(key);
    if (value instanceof Map) return value;
    throw this.#type(key, "a map");
  }

  list(key: number | string, max: number): readonly CtapValue[] {
    const value = this.#take(key);
    if (!isList(value)) throw this.#type(key, "a list");
    if (value.length > max) throw this.#range(key, `at most ${max} items`);
    return value;
  }

  /** The member as it came. */
  any(key: number | string): CtapValue {
    return this.#take(key);
  }

  #take(key: number | string): CtapValue {
    const value = this.#map.get(key);
    if (value === undefined)
      throw new CtapError(CtapStatus.MISSING_PARAMETER, `${this.#what}: member ${key} is missing`);
    return value;
  }

  #type(key: number | string, wanted: string): CtapError {
    return new CtapError(CtapStatus.CBOR_UNEXPECTED_TYPE, `${this.#what}: member ${key} must be ${wanted}`);
  }

  #range(key: number | string, wanted: string): CtapError {
    return new CtapError(CtapStatus.INVALID_PARAMETER, `${this.#what}: member ${key} must be ${wanted}`);
  }
}

function isList(value: CtapValue): value is readonly CtapValue[] {
  return Array.isArray(value);
}
