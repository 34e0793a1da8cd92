/** Numbers from one seed (splitmix32): the same everywhere, good enough to vary inputs, worthless for secrets. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** For the nth input of a target: inputs do not depend on those before them. */
  static of(seed: number, target: string, n: number): SeededRandom {
    let hash = 0x811c9dc5 ^ seed;
    for (let i = 0; i < target.length; i++) hash = Math.imul(hash ^ target.charCodeAt(i), 0x01000193);
    const random = new SeededRandom(hash ^ Math.imul(n + 1, 0x9e3779b1));
    random.next();
    return random;
  }

  /** 0 to 2³² − 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let t = this.#state ^ (this.#state >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  }

  /** 0 to `below` − 1. */
  below(below: number): number {
    return this.next() % below;
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = this.next();
    return bytes;
  }
}
