/** Names of the spans below a call's own, which is named by its path. */
export type SpanName = "store.load" | "store.commit" | "store.outcome" | "verification" | "delivery.attempt";

/**
 * All that a span may say. Values come from closed lists or are counts: no name, id, text or amount of anybody's, no code,
 * PIN or token is one of them.
 */
export interface SpanFacts {
  readonly "rpc.system"?: "grpc";
  /** "countersign.core.v1.TransactionService" */
  readonly "rpc.service"?: string;
  readonly "rpc.method"?: string;
  /** What the caller was told. */
  readonly "rpc.grpc.status_code"?: number;
  /** Our stable reason of a refusal. */
  readonly "countersign.reason"?: string;
  /** Of a commit, or of a delivery. */
  readonly "countersign.outcome"?: string;
  readonly "countersign.channel"?: string;
  readonly "countersign.entities"?: number;
  readonly "countersign.writes"?: number;
}

/** A span that has begun. Ends once; later ends are nothing. */
export interface OpenSpan {
  /** `failed`: it is the core's or the store's fault. */
  end(facts: SpanFacts, failed?: boolean): void;
}

/** Says how long what took. Undefined wherever no exporter is configured: then nothing of it is loaded. */
export interface Tracing {
  /** Runs it in a span below that of the call it is done for. What is thrown is a failure, and is thrown on. */
  within<T>(name: SpanName, facts: SpanFacts, run: () => Promise<T>, told: (value: T) => SpanFacts): Promise<T>;
  /** For what is done for no call. */
  begin(name: SpanName, facts: SpanFacts): OpenSpan;
}
