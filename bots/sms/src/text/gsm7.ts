// The default alphabet of 3GPP TS 23.038 section 6.2.1, in the order of its septets, and its extension table, reached by
// an escape septet. The escape itself (27) stands for no character.
const ESCAPE = 0x1b;
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION: readonly (readonly [string, number])[] = [
  ["\f", 0x0a],
  ["^", 0x14],
  ["{", 0x28],
  ["}", 0x29],
  ["\\", 0x2f],
  ["[", 0x3c],
  ["~", 0x3d],
  ["]", 0x3e],
  ["|", 0x40],
  ["€", 0x65],
];

const SEPTETS = new Map<string, Uint8Array>([
  ...[...BASIC]
    .map((character, septet): [string, Uint8Array] => [character, Uint8Array.of(septet)])
    .filter(([, septets]) => septets[0] !== ESCAPE),
  ...EXTENSION.map(([character, septet]): [string, Uint8Array] => [character, Uint8Array.of(ESCAPE, septet)]),
]);

/** The septets of one character, one a byte: one or two; undefined when the alphabet does not have it. */
export function septetsOf(character: string): Uint8Array | undefined {
  return SEPTETS.get(character);
}

/** Reads unpacked septets. Throws TypeError on a byte that is no septet and on an escape to nothing. */
export function readSeptets(septets: Uint8Array): string {
  let text = "";
  for (let at = 0; at < septets.length; at += 1) {
    const septet = septets[at] ?? 0;
    const character = septet === ESCAPE ? extended(septets[++at]) : BASIC[septet];
    if (character === undefined) throw new TypeError(`no character of GSM 7-bit at ${at}`);
    text += character;
  }
  return text;
}

function extended(septet: number | undefined): string | undefined {
  return EXTENSION.find(([, second]) => second === septet)?.[0];
}
