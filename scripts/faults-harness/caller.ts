// Calls to one core in one of its lives, each with a deadline, and what became of them.
import { Client, credentials, status, type Metadata, type ServiceError } from "@grpc/grpc-js";
import { endedBy } from "../../core/server/src/testing/serve-world.ts";

/** A unary method as ts-proto describes it. */
export interface UnaryMethod<Request, Answer> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Answer;
}

/** A call that was not answered. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly code: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(path: string, error: ServiceError) {
    const { code, reason, retryAfterMs } = endedBy(error);
    super(`${path}: ${status[code]} ${reason} ${error.details}`);
    this.code = code;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether nobody knows what became of it, or it may be asked again as it is. */
  get isPassing(): boolean {
    return PASSING.includes(this.code) || (UNTYPED.includes(this.code) && !this.isUntyped);
  }

  /** The core itself had no better words. Without a reason they are the client library's, for a connection that broke. */
  get isUntyped(): boolean {
    return UNTYPED.includes(this.code) && this.reason !== "";
  }
}

const PASSING: readonly number[] = [
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.CANCELLED,
];

/** What calls ended with, over a campaign. */
export class CallBook {
  readonly endings: Map<string, number> = new Map();
  /** Calls that were still open long after their deadline, or ended in a way that no caller can act on. */
  readonly faults: string[] = [];
  longestMs = 0;

  note(path: string, ms: number, deadlineMs: number, error: CallError | undefined): void {
    const name = error === undefined ? "OK" : `${status[error.code]} ${error.reason}`.trim();
    this.endings.set(name, (this.endings.get(name) ?? 0) + 1);
    this.longestMs = Math.max(this.longestMs, ms);
    if (ms > deadlineMs + LATE_MS) this.faults.push(`${path} took ${ms.toFixed(0)} ms of ${deadlineMs}`);
    if (error?.isUntyped === true) this.faults.push(error.message);
  }
}

/** A loaded machine fires its timers late. */
const LATE_MS = 20_000;
const UNTYPED: readonly number[] = [status.UNKNOWN, status.INTERNAL, status.DATA_LOSS, status.UNIMPLEMENTED];

export class Caller {
  readonly #client: Client;
  readonly #book: CallBook;
  readonly #deadlineMs: number;

  constructor(address: string, book: CallBook, deadlineMs = 10_000) {
    const options = { "grpc.use_local_subchannel_pool": 1, "grpc.enable_retries": 0 };
    this.#client = new Client(address, credentials.createInsecure(), options);
    this.#book = book;
    this.#deadlineMs = deadlineMs;
  }

  call<Request, Answer>(method: UnaryMethod<Request, Answer>, request: Request, who: Metadata): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = method;
    const began = performance.now();
    const options = { deadline: Date.now() + this.#deadlineMs };
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: Answer): void => {
        const failure = error === null ? undefined : new CallError(path, error);
        this.#book.note(path, performance.now() - began, this.#deadlineMs, failure);
        if (failure === undefined && answer !== undefined) resolve(answer);
        else reject(failure ?? new Error(`${path}: no answer`));
      };
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, who, options, answered);
    });
  }

  client(): Client {
    return this.#client;
  }

  close(): void {
    this.#client.close();
  }
}
