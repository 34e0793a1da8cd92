/**
 * What goes wrong with the next submit_sm. `status`: refused with that status. `swallow`: not accepted, no answer.
 * `no-answer`: accepted, no answer. `reset-before`, `reset-after`: not accepted or accepted, the connection breaks.
 * `garbage`: accepted, bytes that are no PDU instead of the answer. `nack`: generic_nack with `status`. `no-id`: accepted
 * without an id.
 */
export interface SmscFault {
  readonly kind: "status" | "swallow" | "no-answer" | "reset-before" | "reset-after" | "garbage" | "nack" | "no-id";
  readonly status?: number;
  /** Bytes of `garbage`. */
  readonly bytes?: Uint8Array;
  /** How often; default once. */
  readonly times?: number;
  /** How many pass before it; default 0. */
  readonly after?: number;
}

/** Faults in the order in which they were asked for. */
export class SmscFaults {
  #faults: { fault: SmscFault; left: number; after: number }[] = [];

  add(fault: SmscFault): void {
    this.#faults.push({ fault, left: fault.times ?? 1, after: fault.after ?? 0 });
  }

  clear(): void {
    this.#faults = [];
  }

  /** Faults that have not happened yet. */
  get pending(): number {
    return this.#faults.length;
  }

  take(): SmscFault | undefined {
    const first = this.#faults[0];
    if (first === undefined) return undefined;
    if (first.after > 0) {
      first.after -= 1;
      return undefined;
    }
    first.left -= 1;
    if (first.left === 0) this.#faults.shift();
    return first.fault;
  }
}

/** A receipt as an SMSC words it. */
export function receiptText(id: string, stat: string, text: string): string {
  const done = stat === "DELIVRD" ? "001" : "000";
  return `id:${id} sub:001 dlvrd:${done} submit date:2611221330 done date:2611221331 stat:${stat} err:000 text:${text.slice(0, 20)}`;
}
