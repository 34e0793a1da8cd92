/** Answers that nobody can read. */
export type UnreadableKind = "non-json" | "truncated" | "cut" | "huge" | "drip" | "redirect";

/**
 * What goes wrong. `status`: answered instead of done. `before`: never done, no answer (black hole). `after`: done, no
 * answer (time-out after accept). `reset-before`, `reset-after`: the same, the connection breaks. `slow`: done after
 * `delayMs`. `lie`: answered ok with `result`, not done. The rest is done or not by `performed` and answered in a way
 * nobody can read: `non-json` a proxy's page, `truncated` JSON cut off, `cut` a connection that ends within the answer,
 * `huge` an answer without end, `drip` one that comes byte by byte, `redirect` another address (`location`).
 */
export interface Fault {
  /** Method it hits; "*": all but getUpdates. */
  readonly method: string;
  readonly kind: "status" | "before" | "after" | "reset-before" | "reset-after" | "slow" | "lie" | UnreadableKind;
  /** Of `status`; of `non-json`, default 200. */
  readonly status?: number;
  readonly description?: string;
  /** Sent as it is, whatever it is. */
  readonly retryAfter?: unknown;
  /** Of an unreadable answer: whether Telegram did what was asked. */
  readonly performed?: boolean;
  /** Of `redirect`. */
  readonly location?: string;
  /** Of `slow`. */
  readonly delayMs?: number;
  /** Of `lie`. */
  readonly result?: unknown;
  /** Only requests whose body contains this text. */
  readonly contains?: string;
  /** How often; default once. */
  readonly times?: number;
}

const KINDS: readonly string[] = [
  ...["status", "before", "after", "reset-before", "reset-after", "slow", "lie"],
  ...["non-json", "truncated", "cut", "huge", "drip", "redirect"],
];

/** Faults in the order in which they were asked for. */
export class Faults {
  readonly #faults: { readonly fault: Fault; left: number }[] = [];

  /** Throws when the kind is not known. */
  add(fault: Fault): void {
    if (!KINDS.includes(fault.kind))
      throw new Error(`no fault of kind "${fault.kind}"; choose one of ${KINDS.join(", ")}`);
    if (fault.kind === "status" && fault.status === undefined) throw new Error("a fault of kind status needs a status");
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  /** The next fault for this request, used up. */
  take(method: string, body: string): Fault | undefined {
    const found = this.#faults.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.method === method || (fault.method === "*" && method !== "getUpdates")) &&
        (fault.contains === undefined || body.includes(fault.contains)),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.fault;
  }
}
