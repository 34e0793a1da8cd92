import { status } from "@grpc/grpc-js";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CallObserver, Shed } from "../rpc/call-observer.ts";
import type { ConnectionObserver, Curbed } from "../rpc/connection-observer.ts";
import type { Happening } from "./happening.ts";
import {
  CHANNELS,
  CODES,
  labelOf,
  METHODS,
  methodOf,
  type Commit,
  type LoadOutcome,
  type Settled,
} from "./label-sets.ts";
import { addProcessMetrics } from "./process-metrics.ts";

const RPC_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const COMMIT_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const WAIT_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const GROUP_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** What one core counts, in a registry of its own. docs/how-to/run-a-core.md has the table. */
export class CoreMetrics implements CallObserver, ConnectionObserver {
  readonly #registry = new Registry();
  readonly #transactions = this.#counter("countersign_transactions_total", "Transactions by state reached", ["state"]);
  readonly #statements = this.#counter(
    "countersign_statements_total",
    "Statements taken in, by whether their code is compared",
    ["compared"],
  );
  readonly #verdicts = this.#counter("countersign_verdicts_total", "Statements judged, by verdict", ["reason"]);
  readonly #deliveries = this.#counter(
    "countersign_delivery_attempts_total",
    "What became of messages that bots were handed",
    ["channel", "outcome"],
  );
  readonly #webhooks = this.#counter("countersign_webhooks_total", "Tries to post a webhook, by what became of them", [
    "outcome",
    "result",
  ]);
  readonly #gone = this.#counter(
    "countersign_webhook_endpoints_gone_total",
    "Endpoints that were paused as their receiver answered 410 Gone",
    [],
  );
  readonly #calls = this.#histogram(
    "countersign_rpc_seconds",
    "Unary calls, from the request to its answer",
    ["method", "code"],
    RPC_BUCKETS,
  );
  readonly #open = new Gauge({
    name: "countersign_streams_open",
    help: "Streams that are open now",
    labelNames: ["method"],
    registers: [this.#registry],
  });
  readonly #shed = this.#counter(
    "countersign_calls_shed_total",
    "Unary calls that were not begun: busy (refused at once) or late (over while they waited)",
    ["method", "reason"],
  );
  readonly #curbed = this.#counter(
    "countersign_connections_curbed_total",
    "Connections that floods have to do with: ended, held until their turn, or refused",
    ["how"],
  );
  readonly #ended = this.#counter("countersign_streams_ended_total", "Streams that are over", ["method", "code"]);
  readonly #commits = this.#histogram(
    "countersign_store_commit_seconds",
    "Commits of the store, until their outcome is known",
    ["outcome"],
    COMMIT_BUCKETS,
  );
  readonly #groups = this.#histogram(
    "countersign_store_group_changes",
    "Changes that the embedded store commits together",
    [],
    GROUP_BUCKETS,
  );
  readonly #loads = this.#histogram(
    "countersign_store_load_seconds",
    "Loads of the store",
    ["outcome"],
    COMMIT_BUCKETS,
  );
  readonly #settled = this.#counter(
    "countersign_store_settled_total",
    "What became of commits whose fate was unknown",
    ["outcome"],
  );
  readonly #integrity = this.#counter(
    "countersign_store_integrity_errors_total",
    "Loads and commits that met something which the core did not write",
    [],
  );
  readonly #trouble = this.#counter(
    "countersign_store_trouble_total",
    "What a store elsewhere said of its own: lost connections, weak settings",
    [],
  );
  readonly #handed = this.#histogram(
    "countersign_delivery_wait_seconds",
    "From when a message was wanted until it was first handed to a bot",
    ["channel"],
    WAIT_BUCKETS,
  );
  readonly #stopProcess: () => void;

  constructor() {
    this.#stopProcess = addProcessMetrics(this.#registry);
  }

  /** Something that was committed. */
  happened(happening: Happening): void {
    switch (happening.type) {
      case "transaction":
        return this.#transactions.inc({ state: happening.state });
      case "statement":
        return this.#statements.inc({ compared: happening.compared ? "yes" : "no" });
      case "verdict":
        return this.#verdicts.inc({ reason: happening.reason });
      case "delivery":
        return this.#deliveries.inc({ channel: happening.channel, outcome: happening.outcome });
      case "webhook":
        return this.#webhooks.inc({ outcome: happening.outcome, result: happening.result });
      case "webhook-gone":
        return this.#gone.inc();
    }
  }

  committed(outcome: Commit, seconds: number): void {
    this.#commits.observe({ outcome }, seconds);
  }

  loaded(outcome: LoadOutcome, seconds: number): void {
    this.#loads.observe({ outcome }, seconds);
  }

  settled(outcome: Settled): void {
    this.#settled.inc({ outcome });
  }

  handedFirst(channel: string, seconds: number): void {
    this.#handed.observe({ channel: labelOf(CHANNELS, channel) }, seconds);
  }

  /** A store elsewhere is in trouble. */
  trouble(): void {
    this.#trouble.inc();
  }

  /** A figure that is asked for at each scrape. It may neither throw nor take long. */
  gauge(name: string, help: string, read: () => number | undefined): void {
    const gauge = new Gauge({
      ...{ name, help, registers: [] },
      collect() {
        const value = read();
        if (value !== undefined) this.set(value);
      },
    });
    this.#registry.registerMetric(gauge);
  }

  integrity(): void {
    this.#integrity.inc();
  }

  group(changes: number): void {
    this.#groups.observe(changes);
  }

  answered(path: string, code: status, seconds: number): void {
    this.#calls.observe(labelsOf(path, code), seconds);
  }

  shed(path: string, why: Shed): void {
    this.#shed.inc({ method: labelOf(METHODS, methodOf(path)), reason: why });
  }

  curbed(how: Curbed): void {
    this.#curbed.inc({ how });
  }

  opened(path: string): void {
    this.#open.inc({ method: labelOf(METHODS, methodOf(path)) });
  }

  ended(path: string, code: status): void {
    const labels = labelsOf(path, code);
    this.#open.dec({ method: labels.method });
    this.#ended.inc(labels);
  }

  /** The text that Prometheus reads, version 0.0.4. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Ends what it watches of the process. */
  close(): void {
    this.#stopProcess();
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram<L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]): Histogram<L> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.#registry] });
  }
}

function labelsOf(path: string, code: status): { readonly method: string; readonly code: string } {
  return { method: labelOf(METHODS, methodOf(path)), code: labelOf(CODES, status[code]) };
}
