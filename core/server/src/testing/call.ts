// For tests: typed unary calls that end in a response or in what was refused.
import type { Metadata, CallOptions, ClientUnaryCall, ServiceError } from "@grpc/grpc-js";
import { bearer, endedBy, type Ended } from "./serve-world.ts";

type Callback<Res> = (error: ServiceError | null, response: Res) => void;
type Unary<Req, Res> = (
  request: Req,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: Callback<Res>,
) => ClientUnaryCall;
type RequestOf<Rpc> = Rpc extends Unary<infer Req, infer _Res> ? Req : never;
type ResponseOf<Rpc> = Rpc extends (...args: [never, Metadata, Partial<CallOptions>, Callback<infer Res>]) => unknown
  ? Res
  : never;

/** Resolves with the response; rejects with an error that carries what the call ended with. */
export function call<Client extends object, Rpc extends keyof Client & string>(
  client: Client,
  rpc: Rpc,
  request: RequestOf<Client[Rpc]>,
  token?: string,
): Promise<ResponseOf<Client[Rpc]>> {
  const stub = client as unknown as Readonly<Record<Rpc, Unary<typeof request, ResponseOf<Client[Rpc]>>>>;
  return new Promise((resolve, reject) => {
    stub[rpc](request, bearer(token), { deadline: Date.now() + 60_000 }, (error, response) => {
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
