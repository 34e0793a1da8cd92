// Browsers say where JSON is broken each in words of its own, or not at all: so it is read here once more, only to find
// the place. RFC 8259.

const SPACE = /[ \t\n\r]*/y;
// A character below a space may not stand in a string.
const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Where a text stops being JSON: line and column from 1. Of a text that is JSON: behind its end. */
export function placeOfFault(text: string): { readonly line: number; readonly column: number } {
  const before = text.slice(0, new Scan(text).run()).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

class Scan {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Place of the first character that cannot stand where it stands. */
  run(): number {
    if (this.#value()) this.#take(SPACE);
    return this.#at;
  }

  #take(what: RegExp): boolean {
    what.lastIndex = this.#at;
    const found = what.exec(this.#text);
    if (found === null) return false;
    this.#at += found[0].length;
    return true;
  }

  #sign(sign: string): boolean {
    this.#take(SPACE);
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #value(): boolean {
    if (this.#sign("{")) return this.#list("}", () => this.#name() && this.#sign(":") && this.#value());
    if (this.#sign("[")) return this.#list("]", () => this.#value());
    return this.#take(STRING) || this.#take(SCALAR);
  }

  #name(): boolean {
    this.#take(SPACE);
    return this.#take(STRING);
  }

  #list(end: string, one: () => boolean): boolean {
    if (this.#sign(end)) return true;
    do {
      if (!one()) return false;
    } while (this.#sign(","));
    return this.#sign(end);
  }
}
