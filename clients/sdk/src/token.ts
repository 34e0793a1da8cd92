/** A bearer token. Prints as its name everywhere; `reveal` is called only where the request is written. */
export class Token {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    // As util.inspect of Node asks for it; not on the prototype, which bundlers would then have to keep.
    Object.defineProperty(this, Symbol.for("nodejs.util.inspect.custom"), { value: () => "[token]" });
  }

  reveal(): string {
    return this.#text;
  }

  /** Tokens of apps see exact states; a grant and a confirmation token see classes. The prefix is public. */
  get isOfApp(): boolean {
    return this.#text.startsWith("cs_app_");
  }

  toString(): string {
    return "[token]";
  }

  toJSON(): string {
    return "[token]";
  }
}
