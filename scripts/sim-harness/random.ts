/** Everything that a schedule leaves to chance, from one number. Same seed, same draws, on every machine. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `stream` keeps draws for one purpose apart from those for another. */
  constructor(seed: number, stream = 0) {
    this.#a = 0x9e3779b9 ^ stream;
    this.#b = Math.trunc(seed / 2 ** 32) >>> 0;
    this.#c = seed >>> 0;
    this.#d = 1;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** 0 to 2^32 - 1 (sfc32). */
  next(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** 0 to n - 1. */
  below(n: number): number {
    return this.next() % n;
  }

  pick<T>(of: readonly T[]): T {
    const one = of[this.below(of.length)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  }

  bytes(length: number): Uint8Array {
    const drawn = new Uint8Array(length);
    for (let i = 0; i < length; i++) drawn[i] = this.next() >>> 24;
    return drawn;
  }
}
