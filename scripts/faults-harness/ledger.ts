// What the world outside the core knows: which steps were acknowledged, and how often each payment was carried out.

/** Steps of a payment that the core acknowledges, in order. */
export const STEPS = ["created", "confirmed", "claimed", "begun", "executed"] as const;
export type Step = (typeof STEPS)[number];

/** Survives every core: the relying party's own books. */
export class Ledger {
  readonly #acknowledged = new Map<string, Step>();
  readonly #effects = new Map<string, number>();
  readonly #onAcknowledged: (txId: string, step: Step) => void;

  constructor(onAcknowledged: (txId: string, step: Step) => void = () => {}) {
    this.#onAcknowledged = onAcknowledged;
  }

  /** The core answered that it is so. */
  acknowledge(txId: string, step: Step): void {
    const known = this.#acknowledged.get(txId);
    if (known !== undefined && rankOf(known) >= rankOf(step)) return;
    this.#acknowledged.set(txId, step);
    this.#onAcknowledged(txId, step);
  }

  /** The effect itself: money moves. No idempotency key, so that a second time shows. */
  execute(txId: string): void {
    this.#effects.set(txId, (this.#effects.get(txId) ?? 0) + 1);
  }

  effectsOf(txId: string): number {
    return this.#effects.get(txId) ?? 0;
  }

  get acknowledged(): ReadonlyMap<string, Step> {
    return this.#acknowledged;
  }

  /** Payments that were carried out, and those of them that were more than once. */
  get executions(): { readonly all: number; readonly double: readonly string[] } {
    const double = [...this.#effects].flatMap(([txId, count]) => (count > 1 ? [txId] : []));
    return { all: this.#effects.size, double };
  }
}

/** Place of a step in the order of steps. */
export function rankOf(step: Step): number {
  return STEPS.indexOf(step);
}
