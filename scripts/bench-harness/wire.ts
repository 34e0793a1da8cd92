import { readFileSync } from "node:fs";
import { Client, credentials, Metadata } from "@grpc/grpc-js";

/** A unary method as ts-proto describes it. */
export interface UnaryMethod<Request, Answer> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Answer;
}

const DEADLINE_MS = 60_000;

/** Several connections to one server, used in turn. Every call has a deadline of a minute, which a busy machine keeps. */
export class Wire {
  readonly #clients: readonly Client[];
  readonly #metadata: Metadata;
  #next = 0;

  constructor(address: string, connections: number, metadata: Metadata) {
    // Without a pool of its own every client would share one connection.
    const options = { "grpc.use_local_subchannel_pool": 1, "grpc.enable_channelz": 0 };
    this.#clients = Array.from(
      { length: connections },
      () => new Client(address, credentials.createInsecure(), options),
    );
    this.#metadata = metadata;
  }

  call<Request, Answer>(method: UnaryMethod<Request, Answer>, request: Request): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = method;
    const options = { deadline: Date.now() + DEADLINE_MS };
    return new Promise((resolve, reject) => {
      this.client().makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        this.#metadata,
        options,
        (error, answer) => {
          if (error === null && answer !== undefined) resolve(answer);
          else reject(error ?? new Error(`${path}: no answer`));
        },
      );
    });
  }

  /** The next connection in turn. */
  client(): Client {
    const client = this.#clients[this.#next++ % this.#clients.length];
    if (client === undefined) throw new Error("a wire has at least one connection");
    return client;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

/** What an app or bot sends with every call. */
export function bearerOf(tokenFile: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${readFileSync(tokenFile, "utf8").trim()}`);
  return metadata;
}

/** Works on all of them, so many at a time. The first failure, or the signal, stops it once those in flight are over. */
export async function inFlight<T>(
  items: readonly T[],
  atATime: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      signal.throwIfAborted();
      const item = items[next++] as T;
      await work(item).catch((error: unknown) => {
        next = items.length;
        throw error;
      });
    }
  };
  const workers = Array.from({ length: Math.min(atATime, items.length) }, worker);
  for (const result of await Promise.allSettled(workers)) {
    if (result.status === "rejected") throw result.reason as Error;
  }
}
