// The default alphabet of GSM 03.38 and its extension table, written from the standard for tests alone.
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿" +
  "abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED = "^{}\\[~]|€\f";

/** Septets a text takes in GSM-7; undefined: it cannot be written in it. */
export function septets(text: string): number | undefined {
  let count = 0;
  for (const character of text) {
    if (BASIC.includes(character)) count += 1;
    else if (EXTENDED.includes(character)) count += 2;
    else return undefined;
  }
  return count;
}

/** Segments of an SMS: 160 septets or 70 units in one, 153 or 67 each when joined. */
export function segments(text: string): number {
  const inGsm7 = septets(text);
  const [size, alone, joined] = inGsm7 === undefined ? [text.length, 70, 67] : [inGsm7, 160, 153];
  return size <= alone ? 1 : Math.ceil(size / joined);
}
