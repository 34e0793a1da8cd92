import { ProtocolError } from "./protocol-error.ts";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const LOWER_HEX = /^(?:[0-9a-f]{2})*$/;
const encoder = new TextEncoder();

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += HEX[byte];
  return hex;
}

/** Reads lower-case hexadecimal; throws `bad-field` for anything else, so that one value has one spelling. */
export function fromHex(hex: string): Uint8Array {
  if (!LOWER_HEX.test(hex)) {
    throw new ProtocolError("bad-field", "expected pairs of lower-case hexadecimal digits");
  }
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The parts one after the other, in a new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether both are equal. Its time depends on the lengths alone, never on where the contents differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** UTF-8 of a string; throws `unsafe-text` for a lone surrogate instead of replacing it. */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) {
    throw new ProtocolError("unsafe-text", "lone surrogate; send well-formed text", { rule: "ill-formed" });
  }
  return encoder.encode(text);
}
