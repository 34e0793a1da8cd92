import type { EventEmitter } from "node:events";
import { status } from "@grpc/grpc-js";
import type { Call } from "./handler.ts";
import type { Caller } from "./caller.ts";
import { Malformed } from "./malformed.ts";
import { badInput, refuse, type Refusal } from "./refusal.ts";
import { RefusalError } from "./refusal-of-error.ts";

/** Every unary call has an end, also when its caller names none. */
const DEFAULT_DEADLINE_MS = 30_000;
/** Node fires longer timers at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface RawCall extends EventEmitter {
  cancelled: boolean;
  getDeadline(): Date | number;
}

interface Writable extends RawCall {
  write(message: unknown): boolean;
}

/** How long a call lives and why it ends early: cancelled, past its deadline, the core drains, the token was revoked. */
export class CallLife {
  /** Made when somebody asks for the signal: most calls end before anybody does. */
  #controller: AbortController | undefined;
  /** Why nobody waits for the answer any more. */
  #reason: RefusalError | undefined;
  readonly #raw: RawCall;
  readonly #deadline: Date;
  readonly #undo: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #stopped: Refusal | undefined;

  constructor(raw: RawCall, options: { imposeDeadline: boolean; draining?: AbortSignal | undefined }) {
    this.#raw = raw;
    this.#deadline = deadlineOf(raw, options.imposeDeadline);
    const cancel = (): void => this.#abort(callOver);
    // Also fires after a normal end, so for every call: it must cost little.
    raw.on("cancelled", cancel);
    if (raw.cancelled) cancel();
    const { draining } = options;
    if (draining === undefined) return;
    const drain = (): void => this.stop(resumeElsewhere);
    if (draining.aborted) drain();
    draining.addEventListener("abort", drain, { once: true });
    this.#undo.push(() => draining.removeEventListener("abort", drain));
  }

  call(caller: Caller): Call {
    return new LivingCall(caller, this.#deadline, this);
  }

  /** Aborted once nobody waits for the answer. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  #abort(reason: RefusalError): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  onDeadline(passed: () => void): void {
    const left = this.#deadline.getTime() - Date.now();
    this.#timer = setTimeout(
      () => {
        passed();
        this.#abort(callOver);
      },
      Math.min(Math.max(left, 0), LONGEST_TIMER_MS),
    );
  }

  /** True for the first caller alone: an answer is given once. */
  end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#timer);
    for (const undo of this.#undo) undo();
    return true;
  }

  /** What the caller knows the call to have ended with, when it is about to be answered so: OK without a code. */
  toldAs(code: status = status.OK): status {
    if (!this.#raw.cancelled) return code;
    return this.#deadline.getTime() <= Date.now() ? status.DEADLINE_EXCEEDED : status.CANCELLED;
  }

  /** Ends a stream from outside, with this answer. */
  stop(why: Refusal): void {
    this.#stopped ??= why;
    this.#abort(new RefusalError(why));
  }

  /** Nobody waits for the answer. */
  get isOver(): boolean {
    return this.#ended || this.#reason !== undefined || this.#deadline.getTime() <= Date.now();
  }

  get stopped(): Refusal | undefined {
    return this.#stopped;
  }

  async send(raw: Writable, message: unknown): Promise<void> {
    if (this.#reason !== undefined) throw this.#reason;
    if (raw.write(message)) return;
    const { signal } = this;
    await new Promise<void>((resolve, reject) => {
      const drained = (): void => {
        signal.removeEventListener("abort", over);
        resolve();
      };
      const over = (): void => {
        raw.off("drain", drained);
        reject(signal.reason as Error);
      };
      raw.once("drain", drained);
      signal.addEventListener("abort", over, { once: true });
    });
  }

  /** Ends quietly when the call is over; a message refused before decoding ends the call with its violation. */
  async *read<Req>(raw: AsyncIterable<Req | Malformed>): AsyncGenerator<Req, void> {
    const { signal } = this;
    const iterator = raw[Symbol.asyncIterator]();
    let turn: PromiseWithResolvers<"over"> | undefined;
    signal.addEventListener("abort", () => turn?.resolve("over"), { once: true });
    while (!signal.aborted) {
      // One promise a turn: racing against one that lives as long as the stream would keep every turn in memory.
      turn = Promise.withResolvers<"over">();
      const next = await Promise.race([iterator.next(), turn.promise]).catch(() => "over" as const);
      if (next === "over" || next.done === true) return;
      if (next.value instanceof Malformed) {
        throw new RefusalError(badInput(next.value.violation.field, next.value.violation.description));
      }
      yield next.value;
    }
  }
}

class LivingCall implements Call {
  readonly caller: Caller;
  readonly deadline: Date;
  readonly #life: CallLife;
  constructor(caller: Caller, deadline: Date, life: CallLife) {
    this.caller = caller;
    this.deadline = deadline;
    this.#life = life;
  }
  get signal(): AbortSignal {
    return this.#life.signal;
  }
}

const resumeElsewhere = refuse(
  "UNAVAILABLE",
  "The core is shutting down. Connect again and resume from the last cursor.",
  {
    metadata: { resume: "cursor" },
    retryAfterMs: 1000,
  },
);

/** Nobody reads it, its stack neither: one for all calls, as a stack costs ten times what the abort does. */
const callOver = new RefusalError(refuse("UNAVAILABLE", "The call is over: cancelled, or past its deadline."));

function deadlineOf(raw: RawCall, impose: boolean): Date {
  const asked = new Date(raw.getDeadline()).getTime();
  if (Number.isFinite(asked)) return new Date(asked);
  return new Date(impose ? Date.now() + DEFAULT_DEADLINE_MS : 8.64e15);
}
