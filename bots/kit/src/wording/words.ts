import { FluentBundle, FluentResource } from "@fluent/bundle";
import type { Row, Run } from "../message/message.ts";
import { arShort } from "./ar-short.ts";
import { ar } from "./ar.ts";
import { deShort } from "./de-short.ts";
import { de } from "./de.ts";
import { enShort, type ShortWording } from "./en-short.ts";
import { en, type MessageId, type Wording } from "./en.ts";
import { zhShort } from "./zh-short.ts";
import { zh } from "./zh.ts";

const WORDINGS: Readonly<Record<string, Wording>> = { en, de, zh, ar };
const SHORT: Readonly<Record<string, ShortWording>> = { en: enShort, de: deShort, zh: zhShort, ar: arShort };

/** How many words: "short" where every character is paid for. */
export type Style = "full" | "short";

/** Longer and accented English: shows texts that were left untranslated or do not fit. */
export const PSEUDO_LOCALE = "en-XA";

/** Languages a user can choose. */
export const LOCALES: readonly string[] = Object.keys(WORDINGS);

/** The language that is spoken when `wish` (a BCP 47 tag, attacker-controlled) is asked for: itself, its base, English. */
export function chooseLocale(wish: string): string {
  if (wish === PSEUDO_LOCALE) return PSEUDO_LOCALE;
  const base = wish.toLowerCase().split(/[-_]/)[0] ?? "";
  return LOCALES.includes(base) ? base : "en";
}

// Placeables enter the pattern as one private-use character each and are put back as runs afterwards. Fluent and its
// isolation marks so never touch a value, and a run keeps its style. Signed text holds no private-use characters.
const FIRST_MARK = 0xe000;
const MARK = /([\uE000-\uE01F])/u;

const ACCENTS: Readonly<Record<string, string>> = { a: "á", e: "é", i: "í", o: "ó", u: "ú", n: "ñ", A: "Á", E: "É" };

function pseudo(text: string): string {
  const accented = text.replace(/[aeiounAE]/g, (letter) => ACCENTS[letter] ?? letter);
  return accented.trim() === "" ? text : accented.replace(/(\p{L}+)(\P{L}*)$/u, "$1~~~$2");
}

/** The frame in one language. */
export class Words {
  readonly locale: string;
  readonly style: Style;
  readonly direction: "ltr" | "rtl";
  readonly #bundle: FluentBundle;

  private constructor(locale: string, style: Style) {
    this.locale = locale;
    this.style = style;
    this.direction = locale === "ar" ? "rtl" : "ltr";
    const language = locale === PSEUDO_LOCALE ? "en" : locale;
    const full = WORDINGS[language];
    if (full === undefined) throw new Error(`no wording for ${locale}; choose one of ${LOCALES.join(", ")}`);
    const wording = style === "short" ? { ...full, ...SHORT[language] } : full;
    this.#bundle = new FluentBundle(`${locale}-u-nu-latn`, {
      useIsolating: false,
      ...(locale === PSEUDO_LOCALE ? { transform: pseudo } : {}),
    });
    const source = Object.entries(wording).map(([id, pattern]) => `${id} = ${pattern}`);
    const errors = this.#bundle.addResource(new FluentResource(`${source.join("\n")}\n`));
    if (errors.length > 0) throw new Error(`the wording for ${locale} does not parse: ${String(errors[0])}`);
  }

  static readonly #made = new Map<string, Words>();

  /** The words in the language that fits `wish` best. */
  static in(wish: string, style: Style = "full"): Words {
    const locale = chooseLocale(wish);
    const key = `${locale} ${style}`;
    const made = Words.#made.get(key) ?? new Words(locale, style);
    Words.#made.set(key, made);
    return made;
  }

  /** Between parts of one row. */
  get separator(): string {
    return this.style === "short" ? " - " : " · ";
  }

  /** A sentence without values. */
  text(id: MessageId, numbers: Readonly<Record<string, number>> = {}): string {
    return this.#format(id, numbers);
  }

  /** A sentence as runs: the frame plain, each placeable in its own style. */
  row(id: MessageId, runs: Readonly<Record<string, Run>> = {}, numbers: Readonly<Record<string, number>> = {}): Row {
    const names = Object.keys(runs);
    const marks = names.map((name, at) => [name, String.fromCodePoint(FIRST_MARK + at)] as const);
    const pieces = this.#format(id, { ...numbers, ...Object.fromEntries(marks) }).split(MARK);
    return pieces.flatMap((piece): Run[] => {
      if (piece === "") return [];
      const name = MARK.test(piece) ? names[(piece.codePointAt(0) ?? 0) - FIRST_MARK] : undefined;
      const run = name === undefined ? undefined : runs[name];
      return [run ?? { style: "plain", text: piece }];
    });
  }

  #format(id: MessageId, args: Record<string, string | number>): string {
    const pattern = this.#bundle.getMessage(id)?.value;
    if (pattern === null || pattern === undefined) throw new Error(`no text "${id}" in ${this.locale}`);
    const errors: Error[] = [];
    const text = this.#bundle.formatPattern(pattern, args, errors);
    if (errors.length > 0) throw new Error(`text "${id}" in ${this.locale}: ${String(errors[0])}`);
    return text;
  }
}
