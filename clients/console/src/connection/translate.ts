import type { CallOptions, ClientMiddleware, Metadata as Trailer } from "nice-grpc-common";
import { readFailure } from "./read-failure.ts";

/** Every refusal of core or daemon becomes a CoreFailure, with what travelled beside its status. */
export const translate: ClientMiddleware = async function* translateFailures(call, options: CallOptions) {
  let raw: Uint8Array | undefined;
  const note = (trailer: Trailer): void => {
    raw = trailer.get("grpc-status-details-bin") ?? raw;
  };
  try {
    return yield* call.next(call.request, { ...options, onHeader: note, onTrailer: note });
  } catch (error) {
    throw readFailure(error, raw);
  }
};
