import { chooseLocale, Phrasebook, PSEUDO_LOCALE } from "@countersign/bot-kit";
import { ar } from "./ar.ts";
import { de } from "./de.ts";
import { en, type TextId, type Wording } from "./en.ts";
import { zh } from "./zh.ts";

const WORDINGS: Readonly<Record<string, Wording>> = { en, de, zh, ar };

export type Book = Phrasebook<TextId>;

const made = new Map<string, Book>();

/** The words in the language that fits `wish` best. */
export function bookIn(wish: string): Book {
  const locale = chooseLocale(wish);
  const book = made.get(locale) ?? new Phrasebook(locale, WORDINGS[locale === PSEUDO_LOCALE ? "en" : locale] ?? en);
  made.set(locale, book);
  return book;
}
