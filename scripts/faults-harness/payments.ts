// Which payments are under way, and whose turn it is: the limits for one person are those of the default policy.
import { setTimeout as sleep } from "node:timers/promises";
import type { Installation, Person } from "./installation.ts";
import { Ledger } from "./ledger.ts";
import { Payment } from "./payment.ts";

/** One below the limit of 5: the store's clock and ours are two. */
const PROMPTS_A_MINUTE = 4;
const MINUTE_MS = 61_000;

export class Payments {
  readonly ledger: Ledger;
  readonly #installation: Installation;
  readonly #underWay = new Set<Payment>();
  readonly #ended: Payment[] = [];
  #made = 0;
  #turn = 0;

  /** `after`: their numbers begin there. */
  constructor(installation: Installation, ledger: Ledger = new Ledger(), after = 0) {
    this.#installation = installation;
    this.ledger = ledger;
    this.#made = after;
  }

  /** Those that were begun and are not over. */
  get underWay(): readonly Payment[] {
    return [...this.#underWay];
  }

  /** Those that are over without having been carried out: each with its reason. */
  get failed(): string[] {
    return this.#ended.flatMap(({ ended, txId }) => (ended === undefined ? [] : [`${txId}: ${ended}`]));
  }

  /** The last one's number. */
  get made(): number {
    return this.#made;
  }

  /** Numbers up to this one are somebody else's. */
  skipTo(number: number): void {
    this.#made = Math.max(this.#made, number);
  }

  /** A new one, of somebody who may be prompted now; waits until there is one. */
  async next(): Promise<Payment> {
    for (;;) {
      const person = this.#whoMay();
      if (person !== undefined) {
        const payment = new Payment(this.#installation, this.ledger, person, ++this.#made);
        this.#underWay.add(payment);
        return payment;
      }
      await sleep(500);
    }
  }

  /** It needs nobody any more. */
  over(payment: Payment): void {
    this.#underWay.delete(payment);
    this.#ended.push(payment);
  }

  #whoMay(): Person | undefined {
    const { people } = this.#installation;
    const since = Date.now() - MINUTE_MS;
    for (let i = 0; i < people.length; i++) {
      const person = people[this.#turn++ % people.length]!;
      const recent = person.prompts.filter((at) => at > since);
      person.prompts.splice(0, person.prompts.length, ...recent);
      if (recent.length < PROMPTS_A_MINUTE) return person;
    }
    return undefined;
  }
}
