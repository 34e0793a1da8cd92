import { status, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from "@grpc/grpc-js";
import { fakeStatusError, type FakeError } from "./status-error.ts";

export type Handler = (call: never, answer: never) => void;

interface Call {
  readonly metadata: { get(name: string): unknown[] };
}

/** Handlers in the form that grpc-js takes, with token check and scripted errors. */
export class FakeWire {
  /** Answers to give instead, once each, by method name. */
  readonly errors: Map<string, FakeError[]> = new Map();
  readonly #knows: (token: string) => boolean;

  constructor(knows: (token: string) => boolean) {
    this.#knows = knows;
  }

  /** The bearer token of the call; throws UNAUTHENTICATED for one that is not known. */
  tokenOf(call: Call): string {
    const [header] = call.metadata.get("authorization");
    const token = typeof header === "string" ? header.replace(/^Bearer /, "") : "";
    if (!this.#knows(token)) throw fakeStatusError({ code: status.UNAUTHENTICATED, reason: "UNAUTHENTICATED" });
    return token;
  }

  unary<Request>(
    name: string,
    answer: (request: Request, call: ServerUnaryCall<Request, unknown>) => unknown,
  ): Handler {
    return (call: ServerUnaryCall<Request, unknown>, callback: sendUnaryData<unknown>) => {
      try {
        const error = this.errors.get(name)?.shift();
        if (error !== undefined) throw fakeStatusError(error);
        this.tokenOf(call);
        callback(null, answer(call.request, call));
      } catch (error) {
        callback(error as never);
      }
    };
  }

  /** A stream whose messages come from an async iterable, and that then ends, or breaks with what that throws. */
  stream(answer: (request: unknown) => AsyncIterable<unknown>): Handler {
    return (call: ServerWritableStream<unknown, unknown>) => {
      void (async () => {
        for await (const message of answer(call.request)) call.write(message);
        call.end();
      })().catch((error: unknown) => call.emit("error", error));
    };
  }

  /** A stream that the fake writes to whenever something happens. */
  push<Request>(open: (request: Request, call: ServerWritableStream<Request, unknown>) => void): Handler {
    return (call: ServerWritableStream<Request, unknown>) => open(call.request, call);
  }
}

/** A service's handlers as grpc-js wants them typed. */
export function service(methods: Record<string, Handler>): never {
  return methods as never;
}

/** What is not needed by any test. */
export const unimplemented: Handler = (_call: unknown, answer: (error: unknown) => void) => {
  answer(fakeStatusError({ code: status.UNIMPLEMENTED }));
};
