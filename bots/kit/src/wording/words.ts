import { arShort } from "./ar-short.ts";
import { ar } from "./ar.ts";
import { deShort } from "./de-short.ts";
import { de } from "./de.ts";
import { enShort, type ShortWording } from "./en-short.ts";
import { en, type MessageId, type Wording } from "./en.ts";
import { Phrasebook, PSEUDO_LOCALE } from "./phrasebook.ts";
import { zhShort } from "./zh-short.ts";
import { zh } from "./zh.ts";

const WORDINGS: Readonly<Record<string, Wording>> = { en, de, zh, ar };
const SHORT: Readonly<Record<string, ShortWording>> = { en: enShort, de: deShort, zh: zhShort, ar: arShort };

/** How many words: "short" where every character is paid for. */
export type Style = "full" | "short";

export { PSEUDO_LOCALE };

/** Languages a user can choose. */
export const LOCALES: readonly string[] = Object.keys(WORDINGS);

/** The language that is spoken when `wish` (a BCP 47 tag, attacker-controlled) is asked for: itself, its base, English. */
export function chooseLocale(wish: string): string {
  if (wish === PSEUDO_LOCALE) return PSEUDO_LOCALE;
  const base = wish.toLowerCase().split(/[-_]/)[0] ?? "";
  return LOCALES.includes(base) ? base : "en";
}

/** The frame in one language. */
export class Words extends Phrasebook<MessageId> {
  readonly style: Style;

  private constructor(locale: string, style: Style) {
    const language = locale === PSEUDO_LOCALE ? "en" : locale;
    const full = WORDINGS[language];
    if (full === undefined) throw new Error(`no wording for ${locale}; choose one of ${LOCALES.join(", ")}`);
    super(locale, style === "short" ? { ...full, ...SHORT[language] } : full);
    this.style = style;
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
}
