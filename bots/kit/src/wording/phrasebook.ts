import { FluentBundle, FluentResource } from "@fluent/bundle";
import type { Row, Run } from "../message/message.ts";

/** Longer and accented English: shows texts that were left untranslated or do not fit. */
export const PSEUDO_LOCALE = "en-XA";

// Placeables enter the pattern as one private-use character each and are put back as runs afterwards. Fluent and its
// isolation marks so never touch a value, and a run keeps its style. Signed text holds no private-use characters.
const FIRST_MARK = 0xe000;
const MARK = /([\uE000-\uE01F])/u;

const ACCENTS: Readonly<Record<string, string>> = { a: "á", e: "é", i: "í", o: "ó", u: "ú", n: "ñ", A: "Á", E: "É" };

function pseudo(text: string): string {
  const accented = text.replace(/[aeiounAE]/g, (letter) => ACCENTS[letter] ?? letter);
  return accented.trim() === "" ? text : accented.replace(/(\p{L}+)(\P{L}*)$/u, "$1~~~$2");
}

/** Fluent patterns of one language by their names, and what fills them. */
export class Phrasebook<Id extends string> {
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
  readonly #bundle: FluentBundle;

  /** Throws when a pattern does not parse. */
  constructor(locale: string, wording: Readonly<Record<Id, string>>) {
    this.locale = locale;
    this.direction = locale === "ar" ? "rtl" : "ltr";
    this.#bundle = new FluentBundle(`${locale}-u-nu-latn`, {
      useIsolating: false,
      ...(locale === PSEUDO_LOCALE ? { transform: pseudo } : {}),
    });
    const source = Object.entries(wording).map(([id, pattern]) => `${id} = ${String(pattern)}`);
    const errors = this.#bundle.addResource(new FluentResource(`${source.join("\n")}\n`));
    if (errors.length > 0) throw new Error(`the wording for ${locale} does not parse: ${String(errors[0])}`);
  }

  /** A sentence without values. */
  text(id: Id, numbers: Readonly<Record<string, number>> = {}): string {
    return this.#format(id, numbers);
  }

  /** A sentence as runs: the frame plain, each placeable in its own style. */
  row(id: Id, runs: Readonly<Record<string, Run>> = {}, numbers: Readonly<Record<string, number>> = {}): Row {
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

  #format(id: Id, args: Record<string, string | number>): string {
    const pattern = this.#bundle.getMessage(id)?.value;
    if (pattern === null || pattern === undefined) throw new Error(`no text "${id}" in ${this.locale}`);
    const errors: Error[] = [];
    const text = this.#bundle.formatPattern(pattern, args, errors);
    if (errors.length > 0) throw new Error(`text "${id}" in ${this.locale}: ${String(errors[0])}`);
    return text;
  }
}
