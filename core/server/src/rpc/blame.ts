import { BLAME_MS, moreOfNetwork, NETWORK_MOST, NO_WASTE, type NetworkWaste, type Waste } from "./waste.ts";

interface Known {
  waste: Waste;
  blamedUntilMs: number;
}

/** With so many known at once those with nothing on their account are forgotten. */
const MANY = 1024;

/** Networks that floods came from lately. Time is given, in monotonic milliseconds. */
export class Blame {
  readonly #known = new Map<string, Known>();

  /** Networks that anything is remembered of. */
  get size(): number {
    return this.#known.size;
  }

  isBlamed(network: string, nowMs: number): boolean {
    return (this.#known.get(network)?.blamedUntilMs ?? -Infinity) > nowMs;
  }

  /** A connection from there ended as a flood. */
  blame(network: string, nowMs: number): void {
    this.#of(network, nowMs).blamedUntilMs = nowMs + BLAME_MS;
  }

  /** Something from there was for nothing; too much of it is a flood by many connections. */
  charge(network: string, amount: number, nowMs: number): NetworkWaste {
    const known = this.#of(network, nowMs);
    known.waste = moreOfNetwork(known.waste, amount, nowMs);
    if (known.waste.amount > NETWORK_MOST) known.blamedUntilMs = nowMs + BLAME_MS;
    return { amount: known.waste.amount, isBlamed: known.blamedUntilMs > nowMs };
  }

  #of(network: string, nowMs: number): Known {
    const known = this.#known.get(network);
    if (known !== undefined) return known;
    if (this.#known.size >= MANY) this.#forget(nowMs);
    const added: Known = { waste: NO_WASTE, blamedUntilMs: -Infinity };
    this.#known.set(network, added);
    return added;
  }

  #forget(nowMs: number): void {
    for (const [network, { waste, blamedUntilMs }] of this.#known) {
      if (blamedUntilMs <= nowMs && moreOfNetwork(waste, 0, nowMs).amount === 0) this.#known.delete(network);
    }
  }
}
