// For tests: a world's services over loopback, and clients that call them by path with raw or typed requests.
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { ErrorInfo, RetryInfo } from "@countersign/proto/google/rpc/error_details";
import { Status } from "@countersign/proto/google/rpc/status";
import { serve, type Service, type Serving } from "../rpc/server.ts";

/** What a call ended with. */
export interface Ended {
  /** gRPC status. */
  readonly code: number;
  readonly message: string;
  /** ErrorInfo.reason, or "" where there is none. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;
  /** grpc-status-details-bin as it came. */
  readonly details: Uint8Array;
  readonly response: Uint8Array | undefined;
}

export interface ServedWorld {
  readonly address: string;
  /** Calls a unary RPC by its path; never rejects for a status. */
  call(path: string, request: Uint8Array, token?: string, deadlineMs?: number): Promise<Ended>;
  client(): Client;
  close(): Promise<void>;
}

export async function serveWorld(services: readonly Service[]): Promise<ServedWorld> {
  const options = { listen: { host: "127.0.0.1", port: 0 }, tls: undefined, maxStreams: 100, reflection: false };
  const serving: Serving = await serve(services, options);
  const client = new Client(serving.address, credentials.createInsecure());
  return {
    address: serving.address,
    call: (path, request, token, deadlineMs) => callRaw(client, path, request, { token, deadlineMs }),
    client: () => client,
    close: async () => {
      client.close();
      await serving.close(1000);
    },
  };
}

/** `authorization: Bearer TOKEN`. */
export function bearer(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

function callRaw(
  client: Client,
  path: string,
  request: Uint8Array,
  { token, deadlineMs = 60_000 }: { token: string | undefined; deadlineMs: number | undefined },
): Promise<Ended> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer) => new Uint8Array(bytes),
      request,
      bearer(token),
      { deadline: Date.now() + deadlineMs },
      (error, response) => resolve(error === null ? { ...OK, response } : endedBy(error)),
    );
  });
}

const OK: Ended = {
  code: 0,
  message: "",
  reason: "",
  metadata: {},
  retryAfterMs: undefined,
  details: new Uint8Array(),
  response: undefined,
};

/** Reads the rich error of a failed call. */
export function endedBy(error: ServiceError): Ended {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const details = typeof bytes === "object" ? new Uint8Array(bytes) : new Uint8Array();
  const packed = Status.decode(details).details;
  const find = (name: string): Uint8Array | undefined =>
    packed.find(({ typeUrl }) => typeUrl.endsWith(`.${name}`))?.value;
  const info = ErrorInfo.decode(find("ErrorInfo") ?? new Uint8Array());
  const retry = find("RetryInfo");
  const delay = retry === undefined ? undefined : RetryInfo.decode(retry).retryDelay;
  const retryAfterMs = delay === undefined ? undefined : Number(delay.seconds) * 1000 + delay.nanos / 1e6;
  const { code, details: message } = error;
  return { code, message, reason: info.reason, metadata: info.metadata, retryAfterMs, details, response: undefined };
}
