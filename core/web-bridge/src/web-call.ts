import { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import { Metadata, type ServerUnaryCall, type ServerWritableStream, status, type StatusObject } from "@grpc/grpc-js";
import type { Reply } from "./reply.ts";
import { type HandlerError, OK, statusOf } from "./status.ts";

/** What a handler learns of its call besides the request. */
export interface CallContext {
  readonly path: string;
  /** What `getPeer()` says: tells clients apart. */
  readonly peer: string;
  readonly host: string;
  /** Undefined: the caller named none. */
  readonly deadline: Date | undefined;
  readonly metadata: Metadata;
  readonly reply: Reply;
}

type Surface = Pick<
  ServerUnaryCall<unknown, unknown>,
  "getPeer" | "getPath" | "getHost" | "getDeadline" | "getAuthContext" | "getMetricsRecorder" | "sendMetadata"
> & { cancelled: boolean; readonly metadata: Metadata };

/** A unary call as the handlers of grpc-js take it. */
export function unaryCall(context: CallContext, request: unknown): ServerUnaryCall<unknown, unknown> {
  return Object.assign(new EventEmitter(), surfaceOf(context), { request });
}

/** A server stream as the handlers of grpc-js take it: `write` says false, and "drain" comes, as the caller reads. */
export function streamCall(
  context: CallContext,
  request: unknown,
  serialize: (message: unknown) => Buffer,
): ServerWritableStream<unknown, unknown> {
  return Object.assign(new Messages(context.reply, serialize), surfaceOf(context), { request });
}

function surfaceOf(context: CallContext): Surface {
  const { path, peer, host, deadline, metadata, reply } = context;
  return {
    cancelled: false,
    metadata,
    getPeer: () => peer,
    getPath: () => path,
    getHost: () => host,
    getDeadline: () => deadline ?? Number.POSITIVE_INFINITY,
    getAuthContext: () => ({}),
    getMetricsRecorder: () => {
      throw new Error("a call over gRPC-Web carries no load report");
    },
    // Opens the answer. Entries are not passed on: a page could read them only where CORS names them one by one.
    sendMetadata: () => reply.open(),
  };
}

class Messages extends Writable {
  readonly #reply: Reply;
  readonly #serialize: (message: unknown) => Buffer;
  #status: StatusObject = OK;

  constructor(reply: Reply, serialize: (message: unknown) => Buffer) {
    super({ objectMode: true, autoDestroy: false });
    this.#reply = reply;
    this.#serialize = serialize;
    // What was written before the error still goes out before it.
    this.on("error", (error: HandlerError) => {
      if (this.writableEnded) return;
      this.#status = statusOf(error);
      this.end();
    });
  }

  override _write(message: unknown, _encoding: string, done: (error?: Error | null) => void): void {
    let bytes: Buffer;
    try {
      bytes = this.#serialize(message);
    } catch {
      this.emit("error", { code: status.INTERNAL, details: "the answer could not be encoded" });
      done();
      return;
    }
    this.#reply.message(bytes, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#reply.end(this.#status);
    done();
  }

  override end(trailers?: unknown): this {
    if (trailers instanceof Metadata) this.#status = { ...this.#status, metadata: trailers };
    return super.end();
  }
}
