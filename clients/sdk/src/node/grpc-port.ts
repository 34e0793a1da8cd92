import type { Client } from "@grpc/grpc-js";
import type { CallOf, Method, Port } from "../port.ts";
import { bearer, callOnce, messages } from "./call.ts";

/** The port over a channel of grpc-js: `client` is any client on it. */
export function grpcPort(client: Client): Port {
  return {
    unary<Request, Response>(method: Method<Request, Response>, request: Request, of: OneCall): Promise<Response> {
      return callOnce<Request, Response>(
        (body, metadata, options, callback) => {
          const [path, write, read] = wired(method);
          return client.makeUnaryRequest(path, write, read, body, metadata, options, (error, answer) =>
            // grpc-js gives one or the other.
            callback(error, answer as Response),
          );
        },
        request,
        of,
      );
    },
    async *stream<Request, Response>(method: Method<Request, Response>, request: Request, { token, signal }: CallOf) {
      const [path, write, read] = wired(method);
      yield* messages(client.makeServerStreamRequest(path, write, read, request, bearer(token)), signal);
    },
  };
}

type OneCall = CallOf & { readonly deadlineMs: number };
type Wired<Request, Response> = readonly [string, (message: Request) => Buffer, (bytes: Buffer) => Response];

function wired<Request, Response>({ path, request, response }: Method<Request, Response>): Wired<Request, Response> {
  return [path, (message) => Buffer.from(request.encode(message).finish()), (bytes) => response.decode(bytes)];
}
