/**
 * What goes wrong. `status`: answered instead of done. `before`: never done, no answer (black hole). `after`: done, no
 * answer (time-out after accept). `reset-before`, `reset-after`: the same, the connection breaks. `non-json`: a proxy's
 * page, done or not by `performed`. `slow`: done after `delayMs`. `lie`: answered ok with `result`, not done.
 */
export interface Fault {
  /** Method it hits; "*": all but getUpdates. */
  readonly method: string;
  readonly kind: "status" | "before" | "after" | "reset-before" | "reset-after" | "non-json" | "slow" | "lie";
  /** Of `status`. */
  readonly status?: number;
  readonly description?: string;
  readonly retryAfter?: number;
  /** Of `non-json`. */
  readonly performed?: boolean;
  /** Of `slow`. */
  readonly delayMs?: number;
  /** Of `lie`. */
  readonly result?: unknown;
  /** Only requests whose body contains this text. */
  readonly contains?: string;
  /** How often; default once. */
  readonly times?: number;
}

const KINDS = ["status", "before", "after", "reset-before", "reset-after", "non-json", "slow", "lie"];

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
