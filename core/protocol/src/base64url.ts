import { ProtocolError } from "./protocol-error.ts";

// RFC 4648 section 5 without padding; unused bits are zero, so that one value has one spelling.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES: ReadonlyMap<string, number> = new Map(Array.from(ALPHABET, (character, value) => [character, value]));

/** base64url without padding. */
export function toBase64url(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = Math.min(3, bytes.length - at);
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let i = 0; i <= left; i++) text += ALPHABET.charAt((group >> (18 - 6 * i)) & 63);
  }
  return text;
}

/** Reads what toBase64url writes; throws `bad-field` for any other spelling. */
export function fromBase64url(text: string): Uint8Array {
  if (text.length % 4 === 1) refuse();
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [pending, bits, at] = [0, 0, 0];
  for (const character of text) {
    pending = ((pending << 6) | (VALUES.get(character) ?? refuse())) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = pending >> bits;
  }
  if ((pending & ((1 << bits) - 1)) !== 0) refuse();
  return bytes;
}

function refuse(): never {
  throw new ProtocolError("bad-field", "expected base64url without padding");
}
