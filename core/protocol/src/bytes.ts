import { ProtocolError } from "./protocol-error.ts";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
/** Value of a lower-case hexadecimal digit by its character code; 16 for every other character. */
const DIGIT = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = "0123456789abcdef".indexOf(String.fromCharCode(code));
  return value === -1 ? 16 : value;
});
const encoder = new TextEncoder();

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += HEX[byte];
  return hex;
}

/** Reads lower-case hexadecimal; throws `bad-field` for anything else, so that one value has one spelling. */
export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1);
  let wrong = hex.length & 1;
  for (let i = 0; i < bytes.length; i++) {
    const high = DIGIT[hex.charCodeAt(2 * i)] ?? 16;
    const low = DIGIT[hex.charCodeAt(2 * i + 1)] ?? 16;
    wrong |= (high | low) & 16;
    bytes[i] = (high << 4) | low;
  }
  if (wrong === 0) return bytes;
  throw new ProtocolError("bad-field", "expected pairs of lower-case hexadecimal digits");
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
