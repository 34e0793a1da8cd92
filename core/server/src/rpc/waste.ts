// Pure: what connections and networks make the core do for nothing, and when that is a flood. docs/how-to/survive-overload.md.

/** A stream that came to nothing costs some 30 µs, a connection ten times that. Waste is counted in streams. */
export const STREAM_WASTE = 1;
export const CONNECTION_WASTE = 10;
/** So many bytes cost as much, where they are heads or messages that nobody takes; a stream that is seen has fewer. */
export const WASTE_BYTES = 8192;
/** Callers whose deadlines pass reset their calls too: all that a connection may have open, every second. */
const CONNECTION_FORGETS_PER_SECOND = 100;
/** As many as that of its connections at a time. */
const NETWORK_FORGETS_PER_SECOND = 400;
/** All that five connections may have open, given up at once: some 15 ms of the core. */
export const NETWORK_MOST = 500;
/** Who shares a network with a flood may still give up so many calls at once; a flood gets 1 ms of the core by it. */
export const FEW = 20;
/** Since the last flood from there. Longer would be felt by its neighbours, shorter by everybody. */
export const BLAME_MS = 10_000;

/** A sum that is forgotten as time passes. */
export interface Waste {
  readonly amount: number;
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

export const NO_WASTE: Waste = { amount: 0, atMs: 0 };

function more(before: Waste, amount: number, nowMs: number, perSecond: number): Waste {
  const left = Math.max(0, before.amount - ((nowMs - before.atMs) * perSecond) / 1000);
  return { amount: left + amount, atMs: nowMs };
}

export function moreOfConnection(before: Waste, amount: number, nowMs: number): Waste {
  return more(before, amount, nowMs, CONNECTION_FORGETS_PER_SECOND);
}

export function moreOfNetwork(before: Waste, amount: number, nowMs: number): Waste {
  return more(before, amount, nowMs, NETWORK_FORGETS_PER_SECOND);
}

/** What so many times WASTE_BYTES are beyond the streams that were seen meanwhile. */
export function bytesWaste(pieces: number, streams: number): number {
  return Math.max(0, pieces - streams);
}

/** What a network has on its account. */
export interface NetworkWaste {
  readonly amount: number;
  /** A flood came from there lately. */
  readonly isBlamed: boolean;
}

/**
 * What may come to nothing on a connection before it has to end: all its streams, twice; few in a network that floods come
 * from, and fewer the more it wasted, so that a thousand connections do not do together what one may not do alone.
 */
export function allowance(maxStreams: number, { amount, isBlamed }: NetworkWaste): number {
  if (!isBlamed) return 2 * maxStreams;
  return amount <= NETWORK_MOST ? FEW : FEW * (NETWORK_MOST / amount) ** 2;
}
