import { characterOf } from "./character.ts";
import type { Line } from "./field.ts";
import { isLatinLookalike } from "./latin-lookalike.ts";
import { ProtocolError } from "./protocol-error.ts";
import { ANY_SCRIPT, LATIN, NO_SCRIPT, type ScriptSet } from "./script-set.ts";

// Reject, never repair (docs/protocol/safe-text.md). The order of the rules decides which one a refusal names.

/** How strict to be, and how to call the text in a refusal. */
export interface SafeTextOptions {
  /** Printable ASCII only: accounts, hosts, commands and the like. */
  readonly ascii?: boolean;
  /** Longest text, in code points. */
  readonly maxCodePoints?: number;
  /** Refuse a word of another script that consists of look-alikes of Latin letters: where policy says Latin. */
  readonly refuseLatinLookalikes?: boolean;
  /** Path of the text, such as `fields[2].value`. */
  readonly field?: string;
}

/** What a key can draw. */
export type GlyphProfile = "ascii" | "latin";

const ASCII = /^[ -~]*$/;
// Latin-1 and Latin Extended-A: printable, in NFC whatever the order, no marks, Latin or common throughout.
const LATIN_PROFILE = /^[ -~\u00A1-\u00AC\u00AE-\u017F]*$/;
const BAD_SPACE = /^ | $| {2}/;
const MAX_MARKS = 2;

/** Throws `unsafe-text` naming field, code point and rule, or `too-long`. */
export function checkSafeText(text: string, options: SafeTextOptions = {}): void {
  const { field } = options;
  if (typeof text !== "string" || text.length === 0) refuse("empty", "empty text", field);
  const isAscii = ASCII.test(text);
  if (options.ascii === true && !isAscii) refuseAt(text, ASCII, "not-ascii", "only printable ASCII stands here", field);
  if (!isAscii && !LATIN_PROFILE.test(text)) checkCharacters(text, options);
  if (BAD_SPACE.test(text)) {
    const why = "a space at the start, at the end or beside another space";
    refuse("space", `U+0020 ${why}`, field, 0x20);
  }
  const { maxCodePoints } = options;
  if (maxCodePoints !== undefined && text.length > maxCodePoints && Array.from(text).length > maxCodePoints) {
    throw new ProtocolError("too-long", `longer than ${maxCodePoints} characters; shorten it`, { field });
  }
}

/** Throws `no-glyph` naming the first character of `lines[i]` that a key of this profile cannot draw. */
export function checkGlyphs(lines: readonly Line[], profile: GlyphProfile, issuer?: string): void {
  const drawn = profile === "ascii" ? ASCII : LATIN_PROFILE;
  const why = `the key's glyph profile (${profile}) cannot show it`;
  if (issuer !== undefined && !drawn.test(issuer)) refuseAt(issuer, drawn, "no-glyph", why, "issuer", "no-glyph");
  for (const [i, { value }] of lines.entries()) {
    if (!drawn.test(value)) refuseAt(value, drawn, "no-glyph", why, `lines[${i}]`, "no-glyph");
  }
}

const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\uFF01-\uFF60]/gu;
const ZERO = /[\p{Mn}\p{Me}]/gu;

/** Columns of a text on a display of fixed width: East Asian wide characters take two, marks none. */
export function columnsOf(text: string): number {
  if (LATIN_PROFILE.test(text)) return text.length;
  return Array.from(text).length + (text.match(WIDE)?.length ?? 0) - (text.match(ZERO)?.length ?? 0);
}

/** Character classes, NFC, marks and scripts in one pass over the code points. */
function checkCharacters(text: string, options: SafeTextOptions): void {
  const { field } = options;
  const word = new Word(options);
  let marks = -1; // -1: the character before bears no marks
  for (const one of text) {
    const codePoint = one.codePointAt(0)!;
    const character = characterOf(codePoint);
    if (character.refusedBy !== undefined) {
      const why = `${named(codePoint)} is not allowed (${character.refusedBy})`;
      refuse(character.refusedBy, why, field, codePoint);
    }
    if (character.isMark) {
      if (marks === -1) refuse("mark", `${named(codePoint)} is a mark without a letter before it`, field, codePoint);
      if (++marks > MAX_MARKS) {
        refuse("mark", `${named(codePoint)} is the third mark on one letter; ${MAX_MARKS} at most`, field, codePoint);
      }
    } else {
      marks = character.isBase ? 0 : -1;
    }
    if (character.isWord) word.add(codePoint, character.scripts, character.isLetter);
    else word.end();
  }
  word.end();
  if (text.normalize("NFC") !== text)
    refuse("not-nfc", "not in Unicode normalisation form C", field, firstNotNfc(text));
}

/** A run of letters, marks and numbers: all of it must be readable as one script. */
class Word {
  readonly #options: SafeTextOptions;
  #scripts: ScriptSet = ANY_SCRIPT;
  #letters = 0;
  #lookalikes = 0;
  #first = 0;

  constructor(options: SafeTextOptions) {
    this.#options = options;
  }

  add(codePoint: number, scripts: ScriptSet, isLetter: boolean): void {
    this.#scripts &= scripts;
    if (this.#scripts === NO_SCRIPT) {
      const why = `${named(codePoint)} is of another script than the word before it`;
      refuse("mixed-scripts", why, this.#options.field, codePoint);
    }
    if (!isLetter) return;
    if (this.#letters === 0) this.#first = codePoint;
    this.#letters += 1;
    if (isLatinLookalike(codePoint)) this.#lookalikes += 1;
  }

  end(): void {
    const isOther = this.#scripts !== ANY_SCRIPT && (this.#scripts & LATIN) === NO_SCRIPT;
    const wholly = isOther && this.#letters > 0 && this.#lookalikes === this.#letters;
    if (wholly && this.#options.refuseLatinLookalikes === true) {
      const why = `${named(this.#first)} begins a word made of look-alikes of Latin letters`;
      refuse("latin-lookalike", why, this.#options.field, this.#first);
    }
    this.#scripts = ANY_SCRIPT;
    this.#letters = 0;
    this.#lookalikes = 0;
  }
}

function firstNotNfc(text: string): number | undefined {
  const normal = text.normalize("NFC");
  let at = 0;
  while (text.codePointAt(at) === normal.codePointAt(at)) at += 1;
  return text.codePointAt(at);
}

function named(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}

function refuse(rule: string, why: string, field: string | undefined, codePoint?: number): never {
  throw new ProtocolError("unsafe-text", why, { field, codePoint, rule });
}

function refuseAt(
  text: string,
  allowed: RegExp,
  rule: string,
  why: string,
  field: string | undefined,
  code: "unsafe-text" | "no-glyph" = "unsafe-text",
): never {
  const codePoint = Array.from(text)
    .find((one) => !allowed.test(one))!
    .codePointAt(0)!;
  throw new ProtocolError(code, `${named(codePoint)}: ${why}`, { field, codePoint, rule });
}
