import type { Phones } from "./phones.ts";
import { endOf, type Submitted } from "./submit-sm.ts";

/** A message that the SMSC took. */
export interface Stored {
  /** As submit_sm_resp named it. */
  readonly id: string;
  readonly submitted: Submitted;
  readonly notAfter: Date | undefined;
  state: "held" | "delivered" | "expired" | "replaced";
}

/** What the SMSC took, in order, and the way from there to the phones. */
export class SmscStore {
  readonly messages: Stored[] = [];
  /** Numbers that no phone has. */
  readonly nobody: Set<string> = new Set();
  /** How ids look: hex digits or decimal ones. */
  idBase: 10 | 16 = 10;
  readonly #phones: Phones;
  readonly #now: () => Date;
  #next = 4_000_000_000;

  constructor(phones: Phones, now: () => Date) {
    this.#phones = phones;
    this.#now = now;
  }

  find(id: string): Stored {
    const found = this.messages.find((message) => message.id === id);
    if (found === undefined) throw new Error(`no message ${id}`);
    return found;
  }

  /** Takes a message and hands it to its phone, or holds it while that is off. */
  take(submitted: Submitted): Stored {
    this.#next += 1;
    const id = this.#next.toString(this.idBase).toUpperCase();
    const stored: Stored = { id, submitted, notAfter: endOf(submitted.validityPeriod, this.#now()), state: "held" };
    if (submitted.replaceIfPresent === 1) this.#replace(submitted);
    this.messages.push(stored);
    if (!this.#phones.at(submitted.to).off) this.#deliver(stored);
    return stored;
  }

  /** The phone is on again: what is still valid arrives. */
  switchOn(number: string): void {
    this.#phones.at(number).off = false;
    for (const stored of this.messages) {
      if (stored.state === "held" && stored.submitted.to === number) this.#deliver(stored);
    }
  }

  #deliver(stored: Stored): void {
    const { id, submitted, notAfter } = stored;
    const expired = notAfter !== undefined && notAfter <= this.#now();
    stored.state = expired ? "expired" : "delivered";
    if (!expired) this.#phones.at(submitted.to).receive(id, submitted.text, submitted.part);
  }

  #replace({ to, source }: Submitted): void {
    const same = (one: Submitted): boolean => one.to === to && one.source.address === source.address;
    const held = this.messages.findLast(({ state, submitted }) => state === "held" && same(submitted));
    if (held !== undefined) held.state = "replaced";
  }
}
