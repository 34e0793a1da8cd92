import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Metadata,
  type MethodDefinition,
  status,
} from "@grpc/grpc-js";
import { type HandlerError, OK, statusOf } from "./status.ts";
import { type CallContext, streamCall, unaryCall } from "./web-call.ts";

/** A method that can be called over gRPC-Web. */
export interface Route {
  readonly definition: MethodDefinition<unknown, unknown>;
  /** Of a unary method or of a server stream, as the definition says. */
  readonly handler: unknown;
}

/** Hands a message to the method's handler, which answers through the context's reply. The result cancels the call. */
export function runCall(route: Route, context: CallContext, message: Buffer): () => void {
  const { definition } = route;
  let request: unknown;
  try {
    request = definition.requestDeserialize(message);
  } catch {
    context.reply.end(statusOf({ code: status.INTERNAL, details: "the request could not be decoded" }));
    return () => undefined;
  }
  const call = definition.responseStream ? runStream(route, context, request) : runUnary(route, context, request);
  return () => {
    call.cancelled = true;
    call.emit("cancelled", "cancelled");
  };
}

type Cancellable = Pick<Parameters<handleUnaryCall<unknown, unknown>>[0], "cancelled" | "emit">;

function runUnary({ definition, handler }: Route, context: CallContext, request: unknown): Cancellable {
  const { reply } = context;
  const call = unaryCall(context, request);
  guarded(context, () =>
    (handler as handleUnaryCall<unknown, unknown>)(call, (error: HandlerError | null, answer, trailers?: Metadata) => {
      if (error !== null) reply.end(statusOf(error, trailers));
      else
        guarded(context, () =>
          reply.end(
            { ...OK, ...(trailers === undefined ? {} : { metadata: trailers }) },
            definition.responseSerialize(answer),
          ),
        );
    }),
  );
  return call;
}

function runStream({ definition, handler }: Route, context: CallContext, request: unknown): Cancellable {
  const call = streamCall(context, request, (message) => definition.responseSerialize(message));
  guarded(context, () => (handler as handleServerStreamingCall<unknown, unknown>)(call));
  return call;
}

// What a handler throws is a bug: its words may hold anything, so they stay here.
function guarded({ reply }: CallContext, run: () => void): void {
  try {
    run();
  } catch {
    reply.end(statusOf({ code: status.UNKNOWN, details: "the method failed" }));
  }
}
