import { fromHex } from "@countersign/protocol";
import { Failure } from "./failure.ts";

/** A 16-byte id given as 32 lower-case hexadecimal digits. */
export function idField(field: string, value: string): Uint8Array {
  if (!/^[0-9a-f]{32}$/.test(value)) {
    throw new Failure("BAD_REQUEST", `${field} must be 32 lower-case hexadecimal digits`, { field });
  }
  return fromHex(value);
}

/** The name of a server as keys show it: 1 to 20 columns. */
export function nameField(name: string): string {
  const columns = [...name].length;
  if (columns < 1 || columns > 20) {
    throw new Failure("BAD_REQUEST", "server_name must have 1 to 20 columns", { field: "server_name" });
  }
  return name;
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
