// Pure: whether the core takes one more call in, and what a call costs it. docs/how-to/survive-overload.md.

/** Ordinary calls wait at most so long for their turn, by the core's own estimate: who would wait longer is refused. */
export const LONGEST_WAIT_MS = 250;
/** Places of calls that end things safely. Only memory limits them. */
export const URGENT_PLACES = 1024;
/** Calls that were begun and not ended: more of them wait for the store, and would wait there no shorter. */
export const MOST_RUNNING = 1024;
/** As long as nothing was measured. */
export const FIRST_COST_MS = 0.25;
/** So many may wait on any machine, however slow: a burst of callers is no overload. */
const FEWEST_PLACES = 128;
/** The last turn counts for an eighth. */
const WEIGHT = 1 / 8;

/** Those who wait, and how long one of them keeps the core busy. */
export interface Line {
  readonly ordinary: number;
  readonly urgent: number;
  /** Milliseconds of the event loop for one call, all of it: begun, committed, answered, refusals beside it. */
  readonly costMs: number;
}

/** The one who comes, among those who wait. */
export interface Comer {
  readonly urgent: boolean;
  /** Calls of the same kind from the same address that wait already. */
  readonly waiting: number;
  /** Addresses that calls of the same kind wait from. */
  readonly addresses: number;
}

/** Whether there is a place in the line. In one that is full an address may still have its share, one call at least. */
export function hasPlace(line: Line, { urgent, waiting, addresses }: Comer): boolean {
  const places = urgent ? URGENT_PLACES : Math.max(FEWEST_PLACES, LONGEST_WAIT_MS / line.costMs);
  const taken = urgent ? line.urgent : line.ordinary;
  return taken < places || waiting === 0 || waiting * addresses < places;
}

/** The cost after a turn that began so many calls, took so long and left others waiting. */
export function costAfter(costMs: number, turnMs: number, begun: number): number {
  if (begun === 0) return costMs;
  return costMs + (turnMs / begun - costMs) * WEIGHT;
}

/** Whether the next is an urgent one: in turn where both wait, so that neither keeps the other out. */
export function isUrgentNext(line: Line, lastWasUrgent: boolean): boolean {
  if (line.urgent === 0) return false;
  return line.ordinary === 0 || !lastWasUrgent;
}
