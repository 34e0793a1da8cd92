/** Who waits, by where he comes from: the addresses take turns, and of one address the first comes first. */
export class Lane<T> {
  /** In the order of their turns; one nobody waits from has no entry. */
  readonly #from = new Map<string, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** From how many addresses somebody waits. */
  get addresses(): number {
    return this.#from.size;
  }

  /** How many wait from there. */
  waitingFrom(address: string): number {
    return this.#from.get(address)?.length ?? 0;
  }

  push(address: string, item: T): void {
    const known = this.#from.get(address);
    if (known === undefined) this.#from.set(address, [item]);
    else known.push(item);
    this.#size += 1;
  }

  /** Somebody must wait. */
  shift(): T {
    for (const [address, items] of this.#from) {
      const item = items.shift() as T;
      this.#size -= 1;
      this.#from.delete(address);
      if (items.length > 0) this.#from.set(address, items);
      return item;
    }
    throw new Error("nobody waits");
  }
}
