import {
  Metadata,
  status,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
} from "@grpc/grpc-js";
import type { CoreGiven } from "../given.ts";
import { ADMINISTRATION, type EntityKey, type EntityType } from "../store/entity.ts";
import { answerOf } from "./answer.ts";
import { authenticate } from "./authenticate.ts";
import { CallLife } from "./call-life.ts";
import { callerKind, type Allow, type Caller } from "./caller.ts";
import { Malformed } from "./malformed.ts";
import { readOnBehalf, runOnBehalf } from "./on-behalf.ts";
import { PERMISSION } from "./permission.ts";
import { badInput, isRefusal, refuse, type Refusal } from "./refusal.ts";
import { refusalOfError } from "./refusal-of-error.ts";
import { statusError, type StatusError } from "./status-error.ts";
import { turnOf } from "./turn.ts";
import { Unread } from "./unread.ts";

export * from "./caller.ts";

/** One call, as its handler sees it. */
export interface Call {
  readonly caller: Caller;
  /** Aborted when the caller is gone, its deadline has passed, or, for streams, the core drains. */
  readonly signal: AbortSignal;
  /** The caller's, or of our own making for unary calls that name none. Far away for streams. */
  readonly deadline: Date;
}

/** Resolves once the peer took the message or there is room for the next one; rejects when the call is over. */
export type Send<Res> = (message: Res) => Promise<void>;

/** Wraps the handler of a unary RPC: deadline, authentication, permission, and one answer for all that may happen. */
export function unary<Req, Res>(
  given: CoreGiven,
  allow: Allow,
  handler: (request: Req, call: Call) => Promise<Res | Refusal>,
): handleUnaryCall<Req, Res> {
  return (raw, callback) => {
    const turn = turnOf(given, raw);
    if (typeof turn !== "function") return callback(turn);
    const began = performance.now();
    const life = new CallLife(raw, { imposeDeadline: true });
    const answer = (error: StatusError | null, response?: Res): void => {
      if (!life.end()) return;
      given.calls?.answered(raw.getPath(), life.toldAs(error?.code), (performance.now() - began) / 1000);
      callback(error, response);
    };
    // Also ends what was dropped: its caller chooses how far away the deadline is that would keep it until then.
    const tooLate = (): void => answer(deadlinePassed());
    life.onDeadline(tooLate);
    const work = async (): Promise<void> => {
      const outcome = await judge(given, allow, raw, async (caller) => {
        const request = checked<Req>(raw.request);
        return isRefusal(request) ? request : handler(request, life.call(caller));
      });
      if ("error" in outcome) answer(outcome.error);
      else answer(null, outcome.value);
    };
    turn(life, work, tooLate);
  };
}

/** Wraps the handler of a server stream. It ends OK when the handler resolves with nothing. */
export function serverStream<Req, Res>(
  given: CoreGiven,
  allow: Allow,
  handler: (request: Req, call: Call, send: Send<Res>) => Promise<void | Refusal>,
): handleServerStreamingCall<Req, Res> {
  return (raw) => {
    const life = new CallLife(raw, { imposeDeadline: false, draining: given.draining });
    given.calls?.opened(raw.getPath());
    const run = async (caller: Caller): Promise<void | Refusal> => {
      const request = checked<Req>(raw.request);
      if (isRefusal(request)) return request;
      // Tells the caller that it is attached before there is anything to send.
      raw.sendMetadata(new Metadata());
      const stop = watchRevocation(given, caller, raw.metadata, life);
      try {
        return await handler(request, life.call(caller), (message) => life.send(raw, message));
      } finally {
        stop();
      }
    };
    void judge(given, allow, raw, run).then((outcome) => endStream(given, raw, life, outcome));
  };
}

/** Wraps the handler of a stream in both directions. `requests` ends when the caller's side does or the call is over. */
export function bidiStream<Req, Res>(
  given: CoreGiven,
  allow: Allow,
  handler: (requests: AsyncIterable<Req>, call: Call, send: Send<Res>) => Promise<void | Refusal>,
): handleBidiStreamingCall<Req, Res> {
  return (raw) => {
    const life = new CallLife(raw, { imposeDeadline: false, draining: given.draining });
    given.calls?.opened(raw.getPath());
    const run = async (caller: Caller): Promise<void | Refusal> => {
      raw.sendMetadata(new Metadata());
      const stop = watchRevocation(given, caller, raw.metadata, life);
      try {
        const requests = life.read<Req>(raw as AsyncIterable<Req | Malformed>);
        return await handler(requests, life.call(caller), (message) => life.send(raw, message));
      } finally {
        stop();
      }
    };
    void judge(given, allow, raw, run).then((outcome) => endStream(given, raw, life, outcome));
  };
}

interface RawCall {
  readonly metadata: Metadata;
  getPath(): string;
}

type Outcome<T> = { readonly value: T } | { readonly error: StatusError };

/** Authenticates, asks both the table and the handler's own rule, runs; whatever is thrown becomes an answer. */
async function judge<T>(
  given: CoreGiven,
  allow: Allow,
  raw: RawCall,
  run: (caller: Caller) => Promise<T | Refusal>,
): Promise<Outcome<T>> {
  let caller: Caller | undefined;
  try {
    const found = await authenticate(given, raw.metadata);
    if (isRefusal(found)) return { error: answerOf(found, undefined) };
    caller = found;
    const admitted = admit(raw.getPath(), allow, caller);
    if (isRefusal(admitted)) {
      given.log.debug({ path: raw.getPath(), caller: caller?.kind ?? "nobody" }, "not admitted");
      return { error: answerOf(admitted, caller) };
    }
    const onBehalf = admitted.kind === "admin" ? readOnBehalf(raw.metadata) : undefined;
    if (isRefusal(onBehalf)) return { error: answerOf(onBehalf, caller) };
    const outcome = await runOnBehalf(onBehalf, () => run(admitted));
    return isRefusal(outcome) ? { error: answerOf(outcome, caller) } : { value: outcome };
  } catch (error) {
    const refusal = refusalOfError(given.log, raw.getPath(), error);
    return { error: isRefusal(refusal) ? answerOf(refusal, caller) : refusal };
  }
}

/** Nobody in particular may call what an enrolment token in the request opens. */
function admit(path: string, allow: Allow, caller: Caller | undefined): Caller | Refusal {
  const acting: Caller = caller ?? { kind: "enrolment" };
  const allowed = allow(acting) && PERMISSION[path]?.includes(callerKind(acting)) === true;
  if (allowed) return acting;
  return caller === undefined
    ? refuse("UNAUTHENTICATED", "authorization: a bearer token is required")
    : refuse("NOT_ALLOWED", `${path}: this token does not allow it`);
}

function checked<Req>(raw: Req | Malformed | Unread<Req | Malformed>): Req | Refusal {
  const request = raw instanceof Unread ? raw.read() : raw;
  return request instanceof Malformed ? badInput(request.violation.field, request.violation.description) : request;
}

/**
 * A hint of another core may be lost, or the store away when it comes: so each stream asks again as often as this. What it
 * is told is BELIEVED_MS old at most: together less than a second.
 */
export const ASK_AGAIN_MS = 500;

const HOLDERS: ReadonlySet<EntityType> = new Set(["token", "app", "bot", "admin"]);

/** Whether this may have ended the caller's token: an administrator who is stopped as a user takes his sessions with him. */
function concerns(caller: Caller, { type, tenant }: EntityKey): boolean {
  return HOLDERS.has(type) || (caller.kind === "admin" && type === "user" && tenant === ADMINISTRATION);
}

/** A revoked token ends its open streams too. */
function watchRevocation(given: CoreGiven, caller: Caller, metadata: Metadata, life: CallLife): () => void {
  const check = async (): Promise<void> => {
    try {
      const found = await authenticate(given, metadata);
      if (isRefusal(found)) life.stop(found);
    } catch {
      // The store is down: the stream's own reads will say so.
    }
  };
  const unsubscribe = given.store.subscribe((_shard, keys) => {
    if (keys.some((key) => concerns(caller, key))) void check();
  });
  // What no store holds cannot be revoked elsewhere; nobody writes when the time of a token is up.
  const isStored = caller.kind !== "confirmation" && caller.kind !== "enrolment";
  const isAsked = (given.soleCore === false && isStored) || ("until" in caller && caller.until !== undefined);
  const asking = isAsked ? setInterval(() => void check(), ASK_AGAIN_MS) : undefined;
  return () => {
    clearInterval(asking);
    unsubscribe();
  };
}

interface Endable {
  getPath(): string;
  emit(event: "error", error: StatusError): unknown;
  end(): unknown;
}

function endStream(given: CoreGiven, raw: Endable, life: CallLife, outcome: Outcome<void>): void {
  const stopped = life.stopped;
  if (!life.end()) return;
  const error = stopped === undefined ? errorIn(outcome) : answerOf(stopped, undefined);
  given.calls?.ended(raw.getPath(), life.toldAs(error?.code));
  if (error === undefined) raw.end();
  else raw.emit("error", error);
}

function errorIn(outcome: Outcome<void>): StatusError | undefined {
  return "error" in outcome ? outcome.error : undefined;
}

function deadlinePassed(): StatusError {
  return statusError(status.DEADLINE_EXCEEDED, "The deadline passed before there was an answer; ask again.", {
    reason: "UNAVAILABLE",
    metadata: {},
    violations: [],
    retryAfterMs: undefined,
  });
}
