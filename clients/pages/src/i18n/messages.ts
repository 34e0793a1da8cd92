import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import type { Locale } from "./locale.ts";
import { pseudo } from "./pseudo.ts";

/** Values that a message has places for; text among them is isolated from the direction of what stands around it. */
export type Args = Readonly<Record<string, FluentVariable>>;

/** A language's messages. */
export class Messages {
  readonly #bundle: FluentBundle;

  /** `sources` are files of Fluent messages. Throws when one cannot be read or two have the same message. */
  constructor(locale: Locale, sources: readonly string[]) {
    const isPseudo = locale === "en-XA";
    this.#bundle = new FluentBundle(isPseudo ? "en" : locale, isPseudo ? { transform: pseudo } : {});
    for (const source of sources) {
      const [error] = this.#bundle.addResource(new FluentResource(source));
      if (error !== undefined) throw error;
    }
  }

  /** The message in words, or undefined if there is none. */
  find(id: string, args: Args = {}): string | undefined {
    const value = this.#bundle.getMessage(id)?.value;
    return value === undefined || value === null ? undefined : this.#bundle.formatPattern(value, args);
  }

  /** The message in words. One that is missing is its id, so that it is seen and found. */
  say(id: string, args: Args = {}): string {
    return this.find(id, args) ?? id;
  }
}
