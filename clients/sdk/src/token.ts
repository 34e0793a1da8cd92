import { readFileSync, statSync } from "node:fs";
import { inspect } from "node:util";

/** A bearer token. Prints as its name everywhere; `reveal` is called only where the request is written. */
export class Token {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
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

// A literal member name would be needed for isolated declarations; the symbol is the same one.
Object.defineProperty(Token.prototype, inspect.custom, { value: () => "[token]" });

/**
 * Reads a token file: one line, nothing else. Throws an Error that names the file and what to do when it cannot be read,
 * holds something else, or is readable by other users.
 */
export function readTokenFile(path: string): Token {
  let text: string;
  try {
    if ((statSync(path).mode & 0o077) !== 0) throw new Error(`other users may read it; run: chmod 600 ${path}`);
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new Error(`token file ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (!/^cs_[A-Za-z0-9_-]{20,}$/.test(text)) {
    throw new Error(`token file ${path}: holds no Countersign token; ask the administrator for a new one`);
  }
  return new Token(text);
}
