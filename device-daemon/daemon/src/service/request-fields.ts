import { fromHex } from "@countersign/protocol";
import { Failure } from "./failure.ts";

/** A 16-byte id given as 32 lower-case hexadecimal digits. */
export function idField(field: string, value: string): Uint8Array {
  if (!/^[0-9a-f]{32}$/.test(value)) {
    throw new Failure("BAD_REQUEST", `${field} must be 32 lower-case hexadecimal digits`, { field });
  }
  return fromHex(value);
}

/** Bytes of a given length; a copy that nobody else holds. */
export function bytesField(field: string, value: Uint8Array, length: number): Uint8Array {
  if (value.length !== length) {
    throw new Failure("BAD_REQUEST", `${field} must have ${length} bytes, it has ${value.length}`, { field });
  }
  return new Uint8Array(value);
}

/** Bytes of 1 to `max`; a copy that nobody else holds. */
export function blobField(field: string, value: Uint8Array, max: number): Uint8Array {
  if (value.length === 0 || value.length > max) {
    throw new Failure("BAD_REQUEST", `${field} must have 1 to ${max} bytes, it has ${value.length}`, { field });
  }
  return new Uint8Array(value);
}
