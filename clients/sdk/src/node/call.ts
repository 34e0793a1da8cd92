import {
  Metadata,
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ServiceError,
} from "@grpc/grpc-js";
import { retried, type CallGiven } from "../call.ts";
import type { Token } from "../token.ts";
import { toCoreError } from "./to-core-error.ts";

type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** One call of a grpc-js client with deadline, bearer token and the retries of every call of this package. Throws CoreError. */
export function call<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  given: CallGiven,
): Promise<Response> {
  return retried(() => callOnce(method, request, given), given);
}

/** One try. */
export function callOnce<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  { token, deadlineMs, signal }: Pick<CallGiven, "token" | "deadlineMs" | "signal">,
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
