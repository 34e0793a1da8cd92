import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
  type StatusObject,
} from "@grpc/grpc-js";
import type { Logger } from "pino";
import { failureOf } from "./failure-of.ts";

/** The caller of one RPC. */
export interface Caller {
  /** The connection: what one client began, another cannot touch. */
  readonly client: string;
  /** Aborted when the client has cancelled or gone, or when the time is over. */
  readonly signal: AbortSignal;
}

/** Time is over: the client's deadline, or the daemon's own where the client named none. */
export class DeadlineError extends Error {
  constructor() {
    super("the deadline of the call has passed");
    this.name = "DeadlineError";
  }
}

/** A unary RPC that ends after `maxMs` at the latest. */
export function unary<Q, A>(
  log: Logger,
  name: string,
  maxMs: number,
  answer: (request: Q, caller: Caller) => Promise<A>,
): handleUnaryCall<Q, A> {
  return (call, done) => {
    const caller = callerOf(call, maxMs);
    const run = async (): Promise<void> => {
      const outcome = await outcomeOf(log, name, caller, () => answer(call.request, caller));
      if ("error" in outcome) done(outcome.error);
      else done(null, outcome.value);
    };
    void run();
  };
}

/** A server stream that ends after `maxMs(request)` at the latest. */
export function streaming<Q, A>(
  log: Logger,
  name: string,
  maxMs: (request: Q) => number,
  answer: (request: Q, caller: Caller, send: (message: A) => void) => Promise<void>,
): handleServerStreamingCall<Q, A> {
  return (call) => {
    const caller = callerOf(call, maxMs(call.request));
    const send = (message: A): void => {
      if (!call.cancelled) call.write(message);
    };
    const run = async (): Promise<void> => {
      const outcome = await outcomeOf(log, name, caller, () => answer(call.request, caller, send));
      if ("error" in outcome) call.emit("error", outcome.error);
      else call.end();
    };
    void run();
  };
}

type TimedCaller = Caller & { /** No time runs any more. */ stop(): void };

function callerOf(
  call: ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>,
  maxMs: number,
): TimedCaller {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(new DeadlineError()), maxMs);
  timer.unref();
  call.on("cancelled", () => ended.abort(new Error("the client has gone")));
  return { client: call.getPeer(), signal: ended.signal, stop: () => clearTimeout(timer) };
}

type Outcome<A> = { readonly value: A } | { readonly error: Partial<StatusObject> };

async function outcomeOf<A>(
  log: Logger,
  name: string,
  caller: TimedCaller,
  answer: () => Promise<A>,
): Promise<Outcome<A>> {
  try {
    return { value: await answer() };
  } catch (cause) {
    return { error: errorOf(log, name, cause, caller.signal) };
  } finally {
    caller.stop();
  }
}

// Requests and answers are never logged: a request of Answer holds the code.
function errorOf(log: Logger, name: string, cause: unknown, signal: AbortSignal): Partial<StatusObject> {
  if (signal.aborted && (cause === signal.reason || (cause as Error).name === "AbortError")) {
    const late = signal.reason instanceof DeadlineError;
    log.info({ rpc: name }, late ? "deadline passed" : "client has gone");
    return late
      ? { code: status.DEADLINE_EXCEEDED, details: signal.reason.message }
      : { code: status.CANCELLED, details: "cancelled" };
  }
  const failure = failureOf(cause);
  if (failure !== undefined) {
    log.info({ rpc: name, reason: failure.reason }, failure.details);
    return failure;
  }
  log.error({ rpc: name, error: cause instanceof Error ? cause.stack : String(cause) }, "internal error");
  return { code: status.INTERNAL, details: "internal error; see the daemon's log" };
}
