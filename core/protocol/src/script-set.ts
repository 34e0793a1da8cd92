// UTS 39 section 5.1: the augmented script set of a character is its Script_Extensions, widened where scripts are
// written together: Han also counts as Japanese, Korean and Han with Bopomofo, the kana as Japanese, Hangul as Korean,
// Bopomofo as Han with Bopomofo. Common and Inherited fit everywhere.

const SCRIPTS =
  // Recommended (UAX 31, table 5)
  "Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hangul Han Hebrew " +
  "Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan " +
  // Limited use (UAX 31, table 7)
  "Adlam Balinese Bamum Batak Canadian_Aboriginal Chakma Cham Cherokee Hanifi_Rohingya Javanese Kayah_Li Lepcha Limbu " +
  "Lisu Mandaic Meetei_Mayek Miao New_Tai_Lue Newa Nko Nyiakeng_Puachue_Hmong Ol_Chiki Osage Saurashtra Sundanese " +
  "Syloti_Nagri Syriac Tai_Le Tai_Tham Tai_Viet Tifinagh Vai Wancho Yi";

const names = SCRIPTS.split(" ");
const tests = names.map((name) => new RegExp(String.raw`^\p{Script_Extensions=${name}}$`, "u"));
const COMMON = /^[\p{Script_Extensions=Common}\p{Script_Extensions=Inherited}]$/u;

function bitOf(name: string): bigint {
  return 1n << BigInt(names.indexOf(name));
}

const JAPANESE = 1n << BigInt(names.length);
const KOREAN = JAPANESE << 1n;
const HAN_WITH_BOPOMOFO = KOREAN << 1n;
const WIDER: readonly (readonly [bigint, bigint])[] = [
  [bitOf("Han"), JAPANESE | KOREAN | HAN_WITH_BOPOMOFO],
  [bitOf("Hiragana"), JAPANESE],
  [bitOf("Katakana"), JAPANESE],
  [bitOf("Hangul"), KOREAN],
  [bitOf("Bopomofo"), HAN_WITH_BOPOMOFO],
];

/** A set of scripts, one bit each. */
export type ScriptSet = bigint;

/** The set of a character that fits every script. */
export const ANY_SCRIPT: ScriptSet = -1n;
/** The set of no script: letters of scripts that are in no modern use, and mixed words. */
export const NO_SCRIPT: ScriptSet = 0n;
/** Latin alone. */
export const LATIN: ScriptSet = bitOf("Latin");

/** The augmented script set of one character. Slow: callers keep the answer. */
export function scriptSetOf(character: string): ScriptSet {
  if (COMMON.test(character)) return ANY_SCRIPT;
  let set = NO_SCRIPT;
  for (const [i, test] of tests.entries()) if (test.test(character)) set |= 1n << BigInt(i);
  for (const [script, more] of WIDER) if ((set & script) !== 0n) set |= more;
  return set;
}
