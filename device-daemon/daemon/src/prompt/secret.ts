/** What the user typed: a PIN or a code. Prints as `[secret]` everywhere, and nobody keeps it. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The only way out: called where a PIN is encrypted for the key, and where the code's proof is made. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }
}
Object.defineProperty(Secret.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: () => "[secret]" });
