import { createChannel, createClient, Metadata, type CallOptions, type Channel } from "nice-grpc-web";
import { CoreError, detailIn } from "../core-error.ts";
import { GrpcCode } from "../grpc-code.ts";
import { SILENT, type CallOf, type Method, type Port } from "../port.ts";

/** The port over gRPC-Web. `address` is an origin: scheme, host and port. Nothing is sent yet. */
export function webPort(address: string): Port {
  const channel = createChannel(address);
  return {
    unary: (method, request, of) => unary(channel, method, request, of),
    stream: (method, request, of) => stream(channel, method, request, of),
  };
}

async function unary<Request, Response>(
  channel: Channel,
  method: Method<Request, Response>,
  request: Request,
  { token, signal, deadlineMs }: CallOf & { readonly deadlineMs: number },
): Promise<Response> {
  const late = AbortSignal.timeout(deadlineMs);
  const metadata = metadataOf(token).set("grpc-timeout", `${Math.min(deadlineMs, LONGEST_TIMEOUT_MS)}m`);
  const trailer = new Trailer();
  const options = { metadata, ...trailer.notes, signal: signal === undefined ? late : AbortSignal.any([late, signal]) };
  try {
    return await createClient(definitionOf(method, false), channel).call(request, options);
  } catch (error) {
    if (signal?.aborted === true) throw new CoreError(GrpcCode.CANCELLED, "cancelled");
    if (late.aborted) throw new CoreError(GrpcCode.DEADLINE_EXCEEDED, `no answer within ${deadlineMs} ms`);
    throw trailer.read(error);
  }
}

async function* stream<Request, Response>(
  channel: Channel,
  method: Method<Request, Response>,
  request: Request,
  { token, signal, silenceMs }: CallOf & { readonly silenceMs?: number | undefined },
): AsyncGenerator<Response, void> {
  // Of its own: a loop that is left while nothing comes would otherwise wait for what never comes.
  const leaving = new AbortController();
  const silence = new Silence(silenceMs, leaving);
  const trailer = new Trailer();
  const ends = signal === undefined ? leaving.signal : AbortSignal.any([leaving.signal, signal]);
  const options: CallOptions = { metadata: metadataOf(token), ...trailer.notes, signal: ends };
  try {
    for await (const message of createClient(definitionOf(method, true), channel).call(request, options)) {
      silence.begin();
      yield message;
    }
  } catch (error) {
    if (signal?.aborted === true) throw new CoreError(GrpcCode.CANCELLED, "cancelled");
    if (silence.isOver) throw new CoreError(GrpcCode.UNAVAILABLE, "nothing was heard for long", { reason: SILENT });
    throw trailer.read(error);
  } finally {
    silence.end();
    leaving.abort();
  }
}

/** As grpc-timeout is written: eight digits at most. */
const LONGEST_TIMEOUT_MS = 99_999_999;

class Silence {
  readonly #ms: number | undefined;
  readonly #leaving: AbortController;
  #timer: ReturnType<typeof setTimeout> | undefined;
  isOver = false;

  constructor(ms: number | undefined, leaving: AbortController) {
    this.#ms = ms;
    this.#leaving = leaving;
    this.begin();
  }

  begin(): void {
    this.end();
    if (this.#ms === undefined) return;
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#leaving.abort();
    }, this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

type Fields = ReturnType<typeof Metadata>;

function metadataOf(token: CallOf["token"]): Fields {
  return Metadata(token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` });
}

/** What a call ended with. */
class Trailer {
  #raw: Uint8Array | undefined;
  #came = false;
  readonly notes: Pick<CallOptions, "onHeader" | "onTrailer"> = {
    onHeader: (fields) => this.#note(fields),
    onTrailer: (fields) => {
      this.#came = true;
      this.#note(fields);
    },
  };

  #note(fields: Fields): void {
    this.#raw = fields.get("grpc-status-details-bin") ?? this.#raw;
  }

  /** The call's error as a CoreError. */
  read(error: unknown): unknown {
    const { code, details } = (error ?? {}) as { readonly code?: unknown; readonly details?: unknown };
    if (typeof code !== "number" || typeof details !== "string") return error;
    // Nobody was there, or a proxy answered in somebody's place: no word of whoever was asked.
    if (!this.#came && NOBODY.includes(code)) return new CoreError(GrpcCode.UNAVAILABLE, "nobody answered");
    return new CoreError(code, details, detailIn(this.#raw));
  }
}

const NOBODY: readonly number[] = [GrpcCode.UNKNOWN, GrpcCode.INTERNAL, GrpcCode.UNAVAILABLE];

interface WebMethod<Request, Response, Stream extends boolean> {
  readonly path: string;
  readonly requestStream: false;
  readonly responseStream: Stream;
  readonly options: object;
  requestSerialize(message: Request): Uint8Array;
  requestDeserialize(bytes: Uint8Array): Request;
  responseSerialize(message: Response): Uint8Array;
  responseDeserialize(bytes: Uint8Array): Response;
}

function definitionOf<Request, Response, Stream extends boolean>(
  { path, request, response }: Method<Request, Response>,
  responseStream: Stream,
): { readonly call: WebMethod<Request, Response, Stream> } {
  const call: WebMethod<Request, Response, Stream> = {
    ...{ path, requestStream: false, responseStream, options: {} },
    requestSerialize: (message) => request.encode(message).finish(),
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => response.encode(message).finish(),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
  return { call };
}
