// For tests: typed unary calls that end in a response or in what was refused.
import { Metadata, type CallOptions, type ClientUnaryCall, type ServiceError } from "@grpc/grpc-js";
import { bearer, endedBy, type Ended } from "./serve-world.ts";

type Unary<Req, Res> = (
  request: Req,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Res) => void,
) => ClientUnaryCall;

/** Resolves with the response; rejects with an error that carries what the call ended with. */
export function call<Client extends object, Req, Res>(
  client: Client,
  rpc: Unary<Req, Res>,
  request: Req,
  token?: string,
): Promise<Res> {
  return new Promise((resolve, reject) => {
    rpc.call(client, request, bearer(token), { deadline: Date.now() + 10_000 }, (error, response) => {
      if (error === null) resolve(response);
      else reject(Object.assign(new Error(error.message), { ended: endedBy(error) }));
    });
  });
}

/** What a call that must be refused was refused with. */
export async function refused(calling: Promise<unknown>): Promise<Ended> {
  try {
    await calling;
  } catch (error) {
    if (error instanceof Error && "ended" in error) return error.ended as Ended;
    throw error;
  }
  throw new Error("the call was answered, not refused");
}
