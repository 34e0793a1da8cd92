import type { Alert } from "./alert.ts";

/** An alert on its way to one administrator. */
export interface OutEntry {
  /** The same for every try. */
  readonly id: string;
  readonly to: string;
  readonly alert: Alert;
  /** `sending`: a try was begun, and nobody wrote down how it ended. */
  readonly state: "waiting" | "sending";
  /** A try got no answer: it may be on his phone already. */
  readonly again: boolean;
}

export interface OutboxState {
  /** Before every id: a bot whose state was lost must not name a new alert as an old one, which the provider would drop. */
  readonly series: string;
  readonly next: number;
  readonly entries: readonly OutEntry[];
}

/** Of one administrator; who cannot be reached for long learns of the newest. */
const MOST_EACH = 50;

/** Alerts that are not on every phone yet, in order for each. Pure but for its own state. */
export class Outbox {
  #state: OutboxState;

  /** What a process that died was sending is sent again, and says so. */
  constructor(state: OutboxState) {
    const entries = state.entries.map((one) =>
      one.state === "sending" ? ({ ...one, state: "waiting", again: true } as const) : one,
    );
    this.#state = { ...state, entries };
  }

  get state(): OutboxState {
    return this.#state;
  }

  /** How many wait for the one of them for whom the fewest do. */
  fewest(of: readonly string[]): number {
    return Math.min(...of.map((to) => this.#state.entries.filter((entry) => entry.to === to).length));
  }

  get size(): number {
    return this.#state.entries.length;
  }

  put(alert: Alert, to: readonly string[]): void {
    let { next, entries } = this.#state;
    for (const one of to) {
      const his = entries.filter((entry) => entry.to === one);
      const tooOld = his.length >= MOST_EACH ? his.find(({ state }) => state === "waiting") : undefined;
      const entry: OutEntry = { id: `${this.#state.series}-${next}`, to: one, alert, state: "waiting", again: false };
      entries = [...entries.filter((other) => other !== tooOld), entry];
      next += 1;
    }
    this.#state = { ...this.#state, next, entries };
  }

  /** The oldest for him. */
  first(to: string): OutEntry | undefined {
    return this.#state.entries.find((entry) => entry.to === to);
  }

  /** Before a try is begun. */
  begin(id: string): void {
    this.#change(id, (entry) => ({ ...entry, state: "sending" }));
  }

  /** It was sent, or never will be. */
  end(id: string): void {
    this.#state = { ...this.#state, entries: this.#state.entries.filter((entry) => entry.id !== id) };
  }

  /** It is tried again. `again`: it may have arrived. */
  retry(id: string, again: boolean): void {
    this.#change(id, (entry) => ({ ...entry, state: "waiting", again: entry.again || again }));
  }

  #change(id: string, change: (entry: OutEntry) => OutEntry): void {
    this.#state = {
      ...this.#state,
      entries: this.#state.entries.map((entry) => (entry.id === id ? change(entry) : entry)),
    };
  }
}
