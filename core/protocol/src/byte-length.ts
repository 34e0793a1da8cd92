import { ProtocolError } from "./protocol-error.ts";

/** Throws `bad-field` unless the bytes have exactly this length: a shorter id would shift what stands beside it. */
export function checkLength(bytes: Uint8Array, length: number, field: string): void {
  if (bytes.length !== length) throw new ProtocolError("bad-field", `expected ${length} bytes`, { field });
}
