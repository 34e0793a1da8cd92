/**
 * A value that prints as its name: a code on its way to one chat, or a token read from a file. Holds for `console.log`,
 * templates, JSON and pino alike, so that no log line can carry it by accident.
 */
export class Secret {
  readonly #name: string;
  readonly #value: string;

  constructor(name: string, value: string) {
    this.#name = name;
    this.#value = value;
  }

  /** The only way out: called where the provider's request is written, and by tests. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `[${this.#name}]`;
  }

  toJSON(): string {
    return `[${this.#name}]`;
  }
}
