/** A map of the entries used last, so many at most: the one unused for longest goes first. */
export class LastUsed<V extends object> {
  readonly #limit: number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(name: string): V | undefined {
    const found = this.#entries.get(name);
    if (found === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, found);
    return found;
  }

  set(name: string, value: V): void {
    this.#entries.delete(name);
    if (this.#entries.size >= this.#limit) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(name, value);
  }
}
