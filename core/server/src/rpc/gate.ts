// The line before the handlers: work is begun in slices, between which the core reads, refuses and commits.
import { Appointments, SOONEST_MS } from "./appointments.ts";
import { Lane } from "./lane.ts";
import { costAfter, FIRST_COST_MS, hasPlace, isUrgentNext, MOST_RUNNING, type Line } from "./overload.ts";

/** Calls are begun for so long a turn of the event loop; then come refusals and the commit of what was begun. */
const SLICE_MS = 4;

/** A call that wants to begin. */
export interface Arrival {
  /** Nobody waits for its answer any more: cancelled, or past its deadline. */
  readonly isOver: boolean;
  /** Does the work. `ended` is called once when all of it is done, never before this returns. */
  begin(ended: () => void): void;
  /** It was over before its turn: no work was done. */
  drop(): void;
}

/** Time and turns of the event loop. */
export interface Loop {
  /** Monotonic milliseconds. */
  now(): number;
  /** In the next turn, before the store commits. */
  nextTurn(run: () => void): void;
  /** In this turn, once all that can go on without input has gone on. */
  afterThis(run: () => void): void;
}

const LOOP: Loop = {
  now: () => performance.now(),
  nextTurn: (run) => void setImmediate(run),
  // Ticks run when no promise is left to go on, and a tick that a promise asked for runs after all of them.
  afterThis: (run) => queueMicrotask(() => process.nextTick(run)),
};

/** One a core, before all its listeners. */
export class Gate {
  readonly #loop: Loop;
  readonly #ordinary = new Lane<Arrival>();
  readonly #urgent = new Lane<Arrival>();
  readonly #appointments = new Appointments();
  #costMs = FIRST_COST_MS;
  #running = 0;
  #lastWasUrgent = false;
  /** A call is being begun, or what it does without input still goes on. */
  #beginning = false;
  #turnAsked = false;
  #sliceBegan = -Infinity;
  #begunInSlice = 0;
  /** The line was never empty since this slice began, so what it took says what a call costs. */
  #isBusy = false;

  constructor(loop: Loop = LOOP) {
    this.#loop = loop;
  }

  /** What a decision is made by; also for whoever watches. */
  get line(): Line {
    return { ordinary: this.#ordinary.size, urgent: this.#urgent.size, costMs: this.#costMs };
  }

  /** Whether a call that comes now from this address is refused. */
  refuses(urgent: boolean, address: string): boolean {
    const lane = urgent ? this.#urgent : this.#ordinary;
    if (lane.size === 0) return false;
    return !hasPlace(this.line, { urgent, waiting: lane.waitingFrom(address), addresses: lane.addresses });
  }

  /** When a call that is refused may be made again, in milliseconds; asked once for each. */
  comeBackAfter(urgent: boolean, address: string): number {
    if (urgent) return SOONEST_MS;
    // Addresses have turns: so long it takes until this one has another.
    const callMs = this.#costMs * Math.max(1, this.#ordinary.addresses);
    return this.#appointments.waitMs(address, callMs, this.#loop.now());
  }

  /** Begins it, now or when its turn comes. Who refuses asks `refuses` before. */
  enter(urgent: boolean, address: string, arrival: Arrival): void {
    (urgent ? this.#urgent : this.#ordinary).push(address, arrival);
    if (!this.#beginning) this.#next();
  }

  #next = (): void => {
    this.#beginning = false;
    while (this.#mayBegin()) {
      const arrival = this.#take();
      if (arrival.isOver) {
        arrival.drop();
        continue;
      }
      this.#running += 1;
      this.#begunInSlice += 1;
      this.#beginning = true;
      this.#loop.afterThis(this.#next);
      arrival.begin(this.#ended);
      return;
    }
  };

  #ended = (): void => {
    this.#running -= 1;
    if (this.#running === MOST_RUNNING - 1 && !this.#beginning) this.#next();
  };

  #mayBegin(): boolean {
    if (this.#ordinary.size + this.#urgent.size === 0) {
      this.#isBusy = false;
      return false;
    }
    if (this.#running >= MOST_RUNNING) return false;
    if (!this.#turnAsked) this.#beginSlice();
    return this.#loop.now() - this.#sliceBegan < SLICE_MS;
  }

  #beginSlice(): void {
    this.#sliceBegan = this.#loop.now();
    this.#begunInSlice = 0;
    this.#turnAsked = true;
    this.#loop.nextTurn(this.#turn);
  }

  #turn = (): void => {
    this.#turnAsked = false;
    if (this.#isBusy) this.#costMs = costAfter(this.#costMs, this.#loop.now() - this.#sliceBegan, this.#begunInSlice);
    this.#isBusy = this.#ordinary.size + this.#urgent.size > 0;
    if (!this.#beginning) this.#next();
  };

  #take(): Arrival {
    this.#lastWasUrgent = isUrgentNext(this.line, this.#lastWasUrgent);
    return (this.#lastWasUrgent ? this.#urgent : this.#ordinary).shift();
  }
}
