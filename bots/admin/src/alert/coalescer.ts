import { ALERTS_WINDOW_MS, MOST_ALERTS, RULES, type Alert, type AlertKind, type Sighting } from "./alert.ts";

/** Sightings of one kind that no message has told yet. */
interface Waiting {
  readonly count: number;
  readonly from: number;
  readonly newest: Sighting;
  /** When the newest came, as many as the rule needs, oldest first. */
  readonly recent: readonly number[];
  /** They are enough for a message. */
  readonly ripe: boolean;
}

/** All it knows, for a file. */
export interface CoalescerState {
  readonly waiting: Readonly<Partial<Record<AlertKind, Waiting>>>;
  /** When the last message of each kind was made. */
  readonly toldAt: Readonly<Partial<Record<AlertKind, number>>>;
  /** When the last messages of all kinds were made. */
  readonly made: readonly number[];
  /** Sightings that stayed below their rule's number. */
  readonly unremarkable: number;
}

export const NOTHING_SEEN: CoalescerState = { waiting: {}, toldAt: {}, made: [], unremarkable: 0 };

const KINDS = Object.keys(RULES) as AlertKind[];

/**
 * Makes few messages of many sightings. Of each kind at most one in its rule's time, of all kinds together at most
 * MOST_ALERTS in ALERTS_WINDOW_MS, and none is forgotten: it is counted in a message, waits for one, or was unremarkable.
 * Pure but for its own state; times are milliseconds since 1970 and may go back.
 */
export class Coalescer {
  #state: CoalescerState;

  constructor(state: CoalescerState = NOTHING_SEEN) {
    this.#state = state;
  }

  get state(): CoalescerState {
    return this.#state;
  }

  note(sighting: Sighting): void {
    const { kind, at } = sighting;
    const { least, withinMs } = RULES[kind];
    this.#forgetUnremarkable(at);
    const held = this.#state.waiting[kind];
    // A clock that went back starts the burst anew.
    const recent = [...(held?.recent ?? []).filter((one) => one <= at), at].slice(-least);
    const [oldest = at] = recent;
    const isBurst = recent.length >= least && at - oldest <= withinMs;
    this.#put(kind, {
      count: (held?.count ?? 0) + 1,
      from: Math.min(held?.from ?? at, at),
      newest: sighting,
      recent,
      ripe: held?.ripe === true || isBurst,
    });
  }

  /** Messages that are due now; each is made once. */
  take(now: number): Alert[] {
    this.#forgetUnremarkable(now);
    const alerts: Alert[] = [];
    for (const kind of KINDS) {
      const waiting = this.#state.waiting[kind];
      if (waiting?.ripe !== true || this.#waitFor(kind, now) > 0) continue;
      const { count, from, newest } = waiting;
      alerts.push({ kind, count, from, until: Math.max(from, newest.at), newest });
      const { [kind]: _told, ...others } = this.#state.waiting;
      const made = [...this.#state.made.filter((at) => isWithin(at, now)), now];
      this.#state = { ...this.#state, waiting: others, toldAt: { ...this.#state.toldAt, [kind]: now }, made };
    }
    return alerts;
  }

  /** Milliseconds until a message is due; undefined: none waits. */
  dueIn(now: number): number | undefined {
    const waits = KINDS.filter((kind) => this.#state.waiting[kind]?.ripe === true).map((kind) =>
      this.#waitFor(kind, now),
    );
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  #waitFor(kind: AlertKind, now: number): number {
    const told = this.#state.toldAt[kind] ?? -Infinity;
    // Told in the future: the clock went back.
    const quiet = told > now ? 0 : Math.max(0, told + RULES[kind].quietMs - now);
    const made = this.#state.made.filter((at) => isWithin(at, now)).toSorted((a, b) => a - b);
    const oldest = made.at(-MOST_ALERTS);
    const full = oldest === undefined ? 0 : oldest + ALERTS_WINDOW_MS - now;
    return Math.max(quiet, full);
  }

  #forgetUnremarkable(now: number): void {
    for (const kind of KINDS) {
      const waiting = this.#state.waiting[kind];
      if (waiting === undefined || waiting.ripe) continue;
      const age = now - waiting.newest.at;
      if (age >= 0 && age <= RULES[kind].withinMs) continue;
      const { [kind]: _forgotten, ...others } = this.#state.waiting;
      this.#state = { ...this.#state, waiting: others, unremarkable: this.#state.unremarkable + waiting.count };
    }
  }

  #put(kind: AlertKind, waiting: Waiting): void {
    this.#state = { ...this.#state, waiting: { ...this.#state.waiting, [kind]: waiting } };
  }
}

function isWithin(at: number, now: number): boolean {
  return at <= now && now - at < ALERTS_WINDOW_MS;
}
