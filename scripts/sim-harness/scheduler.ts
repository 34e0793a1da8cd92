/** 0 to 999: what the schedule has in store for one operation. What it means is the operation's matter. */
export type Fate = number;

/** The fate of an operation that nothing happens to. */
export const PLAIN: Fate = 999;

interface Pending {
  readonly owner: string;
  readonly name: string;
  readonly go: (fate: Fate) => void;
  /** It waits for machines far away. */
  readonly slow: boolean;
}

/**
 * Every call of a port waits here until the schedule lets it go on: no operation takes effect by itself, and after each
 * one everybody runs until all wait again. So the order of the steps is the only order there is.
 */
export class Scheduler {
  readonly trace: string[] = [];
  #pending: Pending[] = [];
  readonly #patience: number;

  /** `patience`: what is slow is passed over so often while others wait. 0: never. */
  constructor(patience = 0) {
    this.#patience = patience;
  }

  /** `owner`: the process that is lost with the operation when it dies. */
  add(owner: string, name: string, go: (fate: Fate) => void, slow = false): void {
    this.#pending.push({ owner, name, go, slow });
  }

  get size(): number {
    return this.#pending.length;
  }

  /** Lets one that waits go on, and waits until nobody can go on by himself. False: nobody waits. */
  async take(pick: number, fate: Fate): Promise<boolean> {
    const [one] = this.#pending.splice(this.#placeOf(pick, fate), 1);
    if (one === undefined) return false;
    this.note(`${one.owner}: ${one.name}`);
    one.go(fate);
    await quiet();
    return true;
  }

  #placeOf(pick: number, fate: Fate): number {
    const at = this.#pending.length === 0 ? 0 : pick % this.#pending.length;
    if (this.#pending[at]?.slow !== true || fate % (this.#patience + 1) === 0) return at;
    const quick = this.#pending.findIndex(({ slow }) => !slow);
    return quick === -1 ? at : quick;
  }

  /** All that wait now, in the order they came. */
  async takeAll(): Promise<void> {
    const all = this.#pending;
    this.#pending = [];
    for (const one of all) {
      this.note(`${one.owner}: ${one.name}`);
      one.go(PLAIN);
    }
    await quiet();
  }

  /** What a process still wanted to do is never done. */
  drop(owner: string): void {
    this.#pending = this.#pending.filter((one) => one.owner !== owner);
  }

  note(line: string): void {
    this.trace.push(line);
  }
}

/** Resolves when the microtask queue has run dry: whoever was woken has asked a port again, or is done. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
