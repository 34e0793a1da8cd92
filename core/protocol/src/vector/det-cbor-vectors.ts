import { fromHex, toHex } from "../bytes.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../det-cbor.ts";
import { type Named, type Refused, refusalOf, type Suite } from "./suite.ts";

/** A value in a form that JSON can carry. */
type Notation =
  | { readonly int: number }
  | { readonly text: string }
  | { readonly bytes: string }
  | { readonly bool: boolean }
  | { readonly array: readonly Notation[] }
  | { readonly map: readonly (readonly [number, Notation])[] };

interface Accept extends Named {
  readonly negative: boolean;
  readonly value: Notation;
  readonly bytes: string;
}

interface Reject extends Refused {
  readonly negative: boolean;
  readonly bytes: string;
}

const int = (value: number): Notation => ({ int: value });
const text = (value: string): Notation => ({ text: value });
const bytes = (value: string): Notation => ({ bytes: value });
const array = (...items: Notation[]): Notation => ({ array: items });
const map = (...members: [number, Notation][]): Notation => ({ map: members });

const VALUES: readonly (readonly [name: string, value: Notation, negative?: true])[] = [
  ["zero", int(0)],
  ["the last one-byte integer", int(23)],
  ["the first two-byte integer", int(24)],
  ["255", int(255)],
  ["256", int(256)],
  ["65535", int(65_535)],
  ["65536", int(65_536)],
  ["2^32 - 1", int(2 ** 32 - 1)],
  ["2^32", int(2 ** 32)],
  ["2^53 - 1, the highest", int(2 ** 53 - 1)],
  ["-1 in the COSE layer", int(-1), true],
  ["-7 in the COSE layer", int(-7), true],
  ["-8 in the COSE layer, the lowest", int(-8), true],
  ["empty text", text("")],
  ["ASCII text", text("EUR 1 250.00")],
  ["text of two, three and four bytes a character", text("\u00fc\u6c34\u{1f600}")],
  ["text of U+FEFF, which no reader may drop", text("\ufeff")],
  ["text of 24 bytes", text("a".repeat(24))],
  ["empty bytes", bytes("")],
  ["bytes", bytes("00ff10")],
  ["256 bytes", bytes("ab".repeat(256))],
  ["false", { bool: false }],
  ["true", { bool: true }],
  ["an empty array", array()],
  ["an empty map", map()],
  ["map keys by their encoding", map([1, int(1)], [23, int(2)], [24, int(3)], [256, int(4)])],
  ["map keys in the COSE layer: unsigned first", map([1, int(2)], [3, int(-7)], [-1, int(1)], [-2, bytes("00")]), true],
  ["four containers deep, the deepest", array(array(array(array(int(1)))))],
];

const REJECTS: readonly (readonly [name: string, bytes: string, negative?: true])[] = [
  ["no bytes", ""],
  ["an integer cut short", "18"],
  ["a text cut short", "6361"],
  ["bytes cut short", "420a"],
  ["an array cut short", "8201"],
  ["a map without the last value", "a101"],
  ["bytes after the end", "0000"],
  ["a length of 2^32 - 1", "5affffffff"],
  ["an array of 2^53 - 1 items", "9b001fffffffffffff"],
  ["0 in two bytes", "1800"],
  ["23 in two bytes", "1817"],
  ["255 in three bytes", "1900ff"],
  ["65535 in five bytes", "1a0000ffff"],
  ["2^32 - 1 in nine bytes", "1b00000000ffffffff"],
  ["a text length in two bytes", "780161"],
  ["a byte length in three bytes", "59000100"],
  ["2^53", "1b0020000000000000"],
  ["2^64 - 1", "1bffffffffffffffff"],
  ["-1 outside the COSE layer", "20"],
  ["-9 in the COSE layer", "28", true],
  ["-25 in the COSE layer", "3818", true],
  ["a negative map key outside the COSE layer", "a12000"],
  ["unsorted map keys", "a202010101"],
  ["a duplicate map key", "a201010102"],
  ["negative map keys before unsigned ones", "a220010101", true],
  ["-2 before -1", "a221012001", true],
  ["a text as a map key", "a1616101"],
  ["a byte string as a map key", "a1416101"],
  ["an array as a map key", "a18001"],
  ["an indefinite text", "7f6161ff"],
  ["indefinite bytes", "5f4161ff"],
  ["an indefinite array", "9f01ff"],
  ["an indefinite map", "bf0101ff"],
  ["a lone break", "ff"],
  ["a reserved length", "1c"],
  ["a tag", "c001"],
  ["a tagged COSE_Sign1", "d284404040"],
  ["null", "f6"],
  ["undefined", "f7"],
  ["a half-precision float", "f93c00"],
  ["a double-precision float", "fb3ff0000000000000"],
  ["a simple value", "f0"],
  ["true in two bytes", "f815"],
  ["an overlong UTF-8 sequence", "62c080"],
  ["a surrogate in UTF-8", "63eda080"],
  ["a byte that no UTF-8 has", "61ff"],
  ["a UTF-8 sequence cut short", "61c3"],
  ["a code point above U+10FFFF", "64f4908080"],
  ["five containers deep", "818181818101"],
  ["five maps deep", "a101a101a101a101a10101"],
];

/** The encoding below everything else. */
export const detCborVectors: Suite<Accept, Reject> = {
  name: "det-cbor",
  spec: "docs/protocol/det-cbor.md",
  about:
    "accept: encoding `value` gives `bytes`, decoding gives it back. `negative` admits -8 to -1 (the COSE layer alone). " +
    "reject: decoding `bytes` is refused.",
  build: () => ({
    accept: VALUES.map(([name, value, negative = false]) => {
      return { name, negative, value, bytes: toHex(encodeCbor(valueOf(value), { negative })) };
    }),
    reject: REJECTS.map(([name, hex, negative = false]) => {
      return { name, negative, bytes: hex, because: "not-canonical" };
    }),
  }),
  accept: ({ negative, value, bytes: hex }) => {
    const decoded = decodeCbor(fromHex(hex), { negative });
    const [there, back] = [toHex(encodeCbor(valueOf(value), { negative })), toHex(encodeCbor(decoded, { negative }))];
    return { bytes: there === back ? there : `${there}, read as ${back}` };
  },
  reject: ({ negative, bytes: hex }) => refusalOf(() => decodeCbor(fromHex(hex), { negative })),
};

function valueOf(notation: Notation): CborValue {
  if ("int" in notation) return notation.int;
  if ("text" in notation) return notation.text;
  if ("bytes" in notation) return fromHex(notation.bytes);
  if ("bool" in notation) return notation.bool;
  if ("array" in notation) return notation.array.map(valueOf);
  return new Map(notation.map.map(([key, value]) => [key, valueOf(value)]));
}
