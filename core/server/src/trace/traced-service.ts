// A span around each handler, whatever it is wrapped in.
import type { EventEmitter } from "node:events";
import { status, type Metadata, type ServiceError, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { ErrorInfo } from "@countersign/proto/google/rpc/error_details";
import { Status } from "@countersign/proto/google/rpc/status";
import type { Service } from "../rpc/server.ts";
import type { CallSpan, OtelTracing } from "./otel-tracing.ts";
import { readTraceparent } from "./traceparent.ts";
import type { SpanFacts } from "./tracing.ts";

interface RawCall extends EventEmitter {
  readonly metadata: Metadata;
  getPath(): string;
}

type Callback = (error: Partial<ServiceError> | null, ...rest: unknown[]) => void;
type Handler = (call: RawCall, callback?: Callback) => unknown;

/** Statuses that are the core's fault; the others are answers. */
const FAILURES: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.INTERNAL,
  status.UNIMPLEMENTED,
  status.DATA_LOSS,
]);

export function tracedService({ definition, implementation }: Service, tracing: OtelTracing): Service {
  const traced: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(definition)) {
    const handler = implementation[name] as Handler | undefined;
    if (handler === undefined) continue;
    const wrapped: Handler = method.responseStream ? tracedStream(handler, tracing) : tracedUnary(handler, tracing);
    traced[name] = wrapped as UntypedServiceImplementation[string];
  }
  return { definition, implementation: traced };
}

function tracedUnary(handler: Handler, tracing: OtelTracing): Handler {
  return (call, callback) => {
    const span = spanOf(call, tracing);
    return span.run(() =>
      handler(call, (error, ...rest) => {
        ended(span, error);
        callback?.(error, ...rest);
      }),
    );
  };
}

/** As long as the stream is open. */
function tracedStream(handler: Handler, tracing: OtelTracing): Handler {
  return (call) => {
    const span = spanOf(call, tracing);
    call.once("error", (error: Partial<ServiceError>) => ended(span, error));
    call.once("finish", () => ended(span, null));
    call.once("cancelled", () => ended(span, { code: status.CANCELLED }));
    return span.run(() => handler(call));
  };
}

function spanOf(call: RawCall, tracing: OtelTracing): CallSpan {
  return tracing.call(call.getPath(), readTraceparent(call.metadata.get("traceparent")));
}

function ended(span: CallSpan, error: Partial<ServiceError> | null): void {
  const code = error?.code ?? (error === null ? status.OK : status.UNKNOWN);
  const reason = error === null ? undefined : reasonOf(error);
  const facts: SpanFacts = { "rpc.grpc.status_code": code };
  span.end(reason === undefined ? facts : { ...facts, "countersign.reason": reason }, FAILURES.has(code));
}

/** ErrorInfo.reason, as the caller gets it. */
function reasonOf({ metadata }: Partial<ServiceError>): string | undefined {
  const [details] = metadata?.get("grpc-status-details-bin") ?? [];
  if (!Buffer.isBuffer(details)) return undefined;
  const info = Status.decode(details).details.find(({ typeUrl }) => typeUrl.endsWith("/google.rpc.ErrorInfo"));
  return info === undefined ? undefined : ErrorInfo.decode(info.value).reason;
}
