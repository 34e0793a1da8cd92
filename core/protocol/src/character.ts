import { ANY_SCRIPT, NO_SCRIPT, type ScriptSet, scriptSetOf } from "./script-set.ts";

/** What the safe-text rules want to know of one code point. */
export interface Character {
  /** The rule that refuses it everywhere. */
  readonly refusedBy?: string;
  /** Bears non-spacing marks. */
  readonly isBase: boolean;
  /** Non-spacing or enclosing mark. */
  readonly isMark: boolean;
  /** Part of a word: letter, mark or number. */
  readonly isWord: boolean;
  readonly isLetter: boolean;
  readonly scripts: ScriptSet;
}

// First match names the rule. Default_Ignorable covers zero-width characters, Hangul fillers, tags and variation
// selectors; U+2800 and U+FFFC look like nothing or stand for nothing, U+FFFD says that something was lost.
const REFUSED: readonly (readonly [string, RegExp])[] = [
  ["control", /^[\p{Cc}\p{Zl}\p{Zp}]$/u],
  ["bidi-control", /^\p{Bidi_Control}$/u],
  ["variation-selector", /^\p{Variation_Selector}$/u],
  ["tag", /^[\u{E0000}-\u{E007F}]$/u],
  ["invisible", /^[\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]$/u],
  ["space", /^\p{Zs}$/u],
  ["private-use", /^\p{Co}$/u],
  ["ill-formed", /^\p{Cs}$/u],
  ["unassigned", /^\p{Cn}$/u],
  ["replacement", /^[\uFFFC\uFFFD]$/u],
];
const MARK = /^[\p{Mn}\p{Me}]$/u;
const BASE = /^[\p{L}\p{Mc}]$/u;
const WORD = /^[\p{L}\p{M}\p{N}]$/u;
const LETTER = /^\p{L}$/u;

// Bounded: the text is chosen by whoever sends it.
const known = new Map<number, Character>();
const MAX_KNOWN = 4096;

/** The properties of a code point, by the Unicode version of this engine. */
export function characterOf(codePoint: number): Character {
  const found = known.get(codePoint);
  if (found !== undefined) return found;
  const character = look(codePoint);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(codePoint, character);
  return character;
}

function look(codePoint: number): Character {
  const text = String.fromCodePoint(codePoint);
  const refusal = codePoint === 0x20 ? undefined : REFUSED.find(([, test]) => test.test(text))?.[0];
  const isWord = WORD.test(text);
  const scripts = isWord ? scriptSetOf(text) : ANY_SCRIPT;
  const refusedBy = refusal ?? (scripts === NO_SCRIPT ? "script" : undefined);
  return {
    ...(refusedBy === undefined ? {} : { refusedBy }),
    isBase: BASE.test(text),
    isMark: MARK.test(text),
    isWord,
    isLetter: LETTER.test(text),
    scripts,
  };
}
