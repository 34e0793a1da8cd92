// DER: tag u8 | length (u8 below 128, else 0x80 + bytes of it, then those) | content      X.690 sections 8 and 10

/** INTEGER of big-endian bytes, read as unsigned. */
export function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  return tagged(0x02, (short[0] ?? 0) >= 0x80 ? Uint8Array.of(0, ...short) : short);
}

/** BOOLEAN. */
export function boolean(value: boolean): Uint8Array {
  return tagged(0x01, Uint8Array.of(value ? 0xff : 0));
}

/** BIT STRING of whole bytes. */
export function bitString(bytes: Uint8Array): Uint8Array {
  return tagged(0x03, Uint8Array.of(0, ...bytes));
}

/** OCTET STRING. */
export function octetString(bytes: Uint8Array): Uint8Array {
  return tagged(0x04, bytes);
}

/** OBJECT IDENTIFIER in dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tagged(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** UTF8String; PrintableString for the two letters of a country, as X.520 wants it. */
export function utf8String(text: string): Uint8Array {
  return tagged(/^[A-Z]{2}$/.test(text) ? 0x13 : 0x0c, new TextEncoder().encode(text));
}

/** GeneralizedTime from 2050 on, UTCTime before; `YYYYMMDDHHMMSSZ`. */
export function time(text: string): Uint8Array {
  const late = text >= "2050";
  return tagged(late ? 0x18 : 0x17, new TextEncoder().encode(late ? text : text.slice(2)));
}

/** SEQUENCE of parts that are DER already. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(0x30, Buffer.concat(parts));
}

/** SET of parts that are DER already, in the order given. */
export function set(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(0x31, Buffer.concat(parts));
}

/** Explicit context tag. */
export function context(tag: number, part: Uint8Array): Uint8Array {
  return tagged(0xa0 | tag, part);
}

function tagged(tag: number, content: Uint8Array): Uint8Array {
  const length = content.length < 128 ? [content.length] : longLength(content.length);
  return Uint8Array.of(tag, ...length, ...content);
}

function longLength(length: number): number[] {
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 | (rest % 128));
  return bytes;
}
