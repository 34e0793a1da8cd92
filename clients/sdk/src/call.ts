import { CoreError } from "./core-error.ts";
import { GrpcCode } from "./grpc-code.ts";
import type { CallOf, Method, Port } from "./port.ts";

/** Waits; injected so that tests need no time. Resolves early when the signal aborts. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>;

/** The real one. */
export const pause: Pause = (ms, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });

/** How a call is made. */
export interface CallGiven extends CallOf {
  /** Of each try. */
  readonly deadlineMs: number;
  /** How long is waited in all for somebody who does not answer, in milliseconds. 0: one try. */
  readonly patienceMs: number;
  /** Called once a call, when nobody answered for a second and it waits on. */
  readonly onSilence?: (() => void) | undefined;
  readonly pause?: Pause;
}

/** One call over a port, with deadline, token and retries. Throws CoreError. */
export function ask<Request, Response>(
  port: Port,
  method: Method<Request, Response>,
  request: Request,
  given: CallGiven,
): Promise<Response> {
  return retried(() => port.unary(method, request, given), given);
}

/**
 * Every RPC of the core is idempotent (by request_id, by statement hash, or by nature), so an outage is retried, and a core
 * that is too busy is asked again when it says; a deadline is not: the wait was long already. Throws CoreError.
 */
export async function retried<T>(once: () => Promise<T>, given: CallGiven): Promise<T> {
  let silentMs = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once();
    } catch (error) {
      const waitMs = error instanceof CoreError ? waitAfter(error, attempt, given.patienceMs - silentMs) : undefined;
      if (waitMs === undefined || given.signal?.aborted === true) throw error;
      if (isSilence(error)) {
        if (silentMs < SILENCE_MS && silentMs + waitMs >= SILENCE_MS) given.onSilence?.();
        silentMs += waitMs;
      }
      await (given.pause ?? pause)(waitMs, given.signal);
    }
  }
}

const LONGEST_WAIT_MS = 2_000;
const SILENCE_MS = 1_000;
/** How often a call is made in all that a busy core refuses. */
const MOST_ASKED = 5;
/** A core with too much to do tells no longer times, and limits of users longer ones (docs/how-to/survive-overload.md). */
const LONGEST_SHED_MS = 8_000;

/** Milliseconds until the next try may help; undefined: it will not, or only after a wait that is the caller's to decide. */
function waitAfter(error: CoreError, attempt: number, patienceMs: number): number | undefined {
  if (isSilence(error)) {
    const waitMs = Math.min(100 * 2 ** attempt, LONGEST_WAIT_MS);
    return waitMs <= patienceMs ? waitMs : undefined;
  }
  // Refused before anything was done.
  const isShed = error.code === GrpcCode.RESOURCE_EXHAUSTED && error.reason === "BUSY" && attempt < MOST_ASKED;
  const { retryAfterMs } = error;
  return isShed && retryAfterMs !== undefined && retryAfterMs <= LONGEST_SHED_MS ? retryAfterMs : undefined;
}

function isSilence(error: unknown): boolean {
  return error instanceof CoreError && error.isOutage && error.code === GrpcCode.UNAVAILABLE;
}
