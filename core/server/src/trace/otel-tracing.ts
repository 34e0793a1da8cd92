import { AsyncLocalStorage } from "node:async_hooks";
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import type { OpenSpan, SpanFacts, SpanName, Tracing } from "./tracing.ts";
import type { Traceparent } from "./traceparent.ts";

/** A call's span: what runs in it has spans below it. */
export interface CallSpan extends OpenSpan {
  run<T>(work: () => T): T;
}

/** Spans of OpenTelemetry, with a context of our own: nothing global is set. */
export class OtelTracing implements Tracing {
  readonly #tracer: Tracer;
  readonly #current = new AsyncLocalStorage<Context>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** `path`: "/package.Service/Rpc". */
  call(path: string, parent: Traceparent | undefined): CallSpan {
    const [, service = "", method = ""] = path.split("/");
    const above =
      parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
    const attributes = { "rpc.system": "grpc", "rpc.service": service, "rpc.method": method };
    const span = this.#tracer.startSpan(path.slice(1), { kind: SpanKind.SERVER, attributes }, above);
    const context = trace.setSpan(above, span);
    return { ...opened(span), run: (work) => this.#current.run(context, work) };
  }

  async within<T>(name: SpanName, facts: SpanFacts, run: () => Promise<T>, told: (value: T) => SpanFacts): Promise<T> {
    const above = this.#current.getStore() ?? ROOT_CONTEXT;
    const span = this.#tracer.startSpan(name, { attributes: { ...facts } }, above);
    const open = opened(span);
    try {
      const value = await this.#current.run(trace.setSpan(above, span), run);
      open.end(told(value));
      return value;
    } catch (error) {
      // Neither its message nor its name: it may be of somebody else's code, and quote what it was given.
      open.end({}, true);
      throw error;
    }
  }

  begin(name: SpanName, facts: SpanFacts): OpenSpan {
    return opened(this.#tracer.startSpan(name, { attributes: { ...facts } }, ROOT_CONTEXT));
  }
}

function opened(span: Span): OpenSpan {
  return {
    end: (facts, failed = false) => {
      if (!span.isRecording()) return;
      span.setAttributes({ ...facts });
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}
