import { monitorEventLoopDelay, type ELDHistogram } from "node:perf_hooks";
import { Counter, Gauge, type Registry } from "prom-client";

const RESOLUTION_MS = 10;
const QUANTILES = [0.5, 0.99, 1] as const;

/** Adds what the process says of itself. Returns what ends the watching. */
export function addProcessMetrics(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const lateness = new Gauge({
    name: "countersign_event_loop_delay_seconds",
    help: "How late the event loop was since the last scrape; quantile 1 is the worst",
    labelNames: ["quantile"],
    registers: [],
    collect() {
      for (const quantile of QUANTILES) this.set({ quantile: String(quantile) }, delaySeconds(delay, quantile));
      delay.reset();
    },
  });
  const memory = new Gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the process that is in RAM",
    registers: [],
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  const cpu = new Counter({
    name: "process_cpu_seconds_total",
    help: "CPU time of the process, user and system",
    registers: [],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  for (const metric of [lateness, memory, cpu]) registry.registerMetric(metric);
  return () => delay.disable();
}

/** Node measures the time between two ticks of its own timer: what is over the timer's period is delay. */
export function delaySeconds(delay: Pick<ELDHistogram, "count" | "percentile">, quantile: number): number {
  if (delay.count === 0) return 0;
  return Math.max(0, delay.percentile(100 * quantile) / 1e9 - RESOLUTION_MS / 1e3);
}
