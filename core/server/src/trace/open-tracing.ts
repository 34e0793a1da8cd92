// Loaded only where an exporter is configured. Nothing global is set, and nothing is read but what is passed: the exporter
// itself reads OTEL_EXPORTER_OTLP_HEADERS and its relatives.
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import type { Gate } from "../rpc/gate.ts";
import type { Service } from "../rpc/server.ts";
import type { Store } from "../store/store.ts";
import { BoundGate } from "./bound-gate.ts";
import { OtelTracing } from "./otel-tracing.ts";
import { tracedService } from "./traced-service.ts";
import { TracedStore } from "./traced-store.ts";
import type { Tracing } from "./tracing.ts";

export interface TraceConfig {
  /** http or https; spans go to `v1/traces` below it. */
  readonly endpoint: string;
  /** Which part of the traces is kept, 0 to 1. */
  readonly ratio: number;
}

/** How long a collector may take: for a batch, and at the core's end for all that waits. */
const PATIENCE = { exportMs: 5_000, flushMs: 3_000 };

/** A core's traces, sent in batches; what the collector does not take is dropped, and no call waits for it. */
export class OpenTracing {
  readonly tracing: Tracing;
  /** For the core's calls, so that each keeps its own span. */
  readonly gate: Gate = new BoundGate();
  readonly #otel: OtelTracing;
  readonly #provider: TracerProvider;
  readonly #flushMs: number;

  constructor({ endpoint, ratio }: TraceConfig, { exportMs, flushMs }: typeof PATIENCE = PATIENCE) {
    this.#flushMs = flushMs;
    const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: exportMs });
    const sampler = new TraceIdRatioBasedSampler(ratio);
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ "service.name": "countersign-core" }),
      // A caller may ask not to be traced. That he asks to be counts for nothing: the id decides, which he may choose, though.
      sampler: new ParentBasedSampler({ root: sampler, remoteParentSampled: sampler }),
      spanProcessors: [
        new BatchSpanProcessor({ exporter, exportTimeoutMillis: exportMs, scheduledDelayMillis: 2_000 }),
      ],
      spanLimits: { attributeValueLengthLimit: 128, attributeCountLimit: 16 },
    });
    this.#otel = new OtelTracing(this.#provider.getTracer("countersign-core"));
    this.tracing = this.#otel;
  }

  aroundStore(store: Store): Store {
    return new TracedStore(store, this.tracing);
  }

  aroundService(service: Service): Service {
    return tracedService(service, this.#otel);
  }

  /** Sends what waits. Never rejects. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#flushMs)));
    await Promise.race([this.#provider.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
  }
}
