import {
  Metadata,
  status,
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ServiceError,
} from "@grpc/grpc-js";
import { CoreError, toCoreError } from "./core-error.ts";
import type { Token } from "./token.ts";

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
export interface CallGiven {
  readonly token: Token | undefined;
  /** Of each try. */
  readonly deadlineMs: number;
  /** How long is waited in all for somebody who does not answer, in milliseconds. 0: one try. */
  readonly patienceMs: number;
  /** Called once a call, when nobody answered for a second and it waits on. */
  readonly onSilence?: (() => void) | undefined;
  readonly pause?: Pause;
  readonly signal?: AbortSignal | undefined;
}

type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/**
 * One call with deadline and bearer token. Every RPC of the core is idempotent (by request_id, by statement hash, or by
 * nature), so an outage is retried, and a core that is too busy is asked again when it says; a deadline is not: the wait was
 * long already. Throws CoreError.
 */
export async function call<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  given: CallGiven,
): Promise<Response> {
  let silentMs = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await callOnce(method, request, given);
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
  const isShed = error.code === status.RESOURCE_EXHAUSTED && error.reason === "BUSY" && attempt < MOST_ASKED;
  const { retryAfterMs } = error;
  return isShed && retryAfterMs !== undefined && retryAfterMs <= LONGEST_SHED_MS ? retryAfterMs : undefined;
}

function isSilence(error: unknown): boolean {
  return error instanceof CoreError && error.isOutage && error.code === status.UNAVAILABLE;
}

function callOnce<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  { token, deadlineMs, signal }: CallGiven,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const running = method(request, bearer(token), { deadline: Date.now() + deadlineMs }, (error, response) => {
      signal?.removeEventListener("abort", cancel);
      if (error === null) resolve(response);
      else reject(toCoreError(error));
    });
    const cancel = (): void => running.cancel();
    signal?.addEventListener("abort", cancel);
  });
}

/** Metadata with the token; it is revealed here and nowhere else. */
export function bearer(token: Token | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token.reveal()}`);
  return metadata;
}

/** Messages of a server stream. Leaving the loop, or the signal, cancels the call; errors are CoreErrors. */
export async function* messages<T>(stream: ClientReadableStream<T>, signal?: AbortSignal): AsyncGenerator<T, void> {
  const cancel = (): void => stream.cancel();
  if (signal?.aborted === true) stream.cancel();
  signal?.addEventListener("abort", cancel);
  try {
    for await (const message of stream) yield message as T;
  } catch (error) {
    throw toCoreError(error);
  } finally {
    signal?.removeEventListener("abort", cancel);
    stream.cancel();
  }
}
