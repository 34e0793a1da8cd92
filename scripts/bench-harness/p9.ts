// Goal P9: unary calls per CPU-second of the server through the gRPC-Web bridge, against direct gRPC by grpc-js: the same
// handler, message and process, clients of the same language.
import { Metadata } from "@grpc/grpc-js";
import { bareService, paddedTo } from "./bare-service.ts";
import { cpuSecondsOf, type Facts, type Spread, spreadOf } from "./figures.ts";
import { answerOf, forkPart, pidOf, stopPart } from "./limit.ts";
import { WebWire } from "./web-wire.ts";
import { inFlight, Wire } from "./wire.ts";

/** Of request and answer each: that of a Create. */
export const P9_BYTES = 300;

/** As a page sends it. */
export const P9_ORIGIN = "https://bank.example";

export interface P9Options {
  /** Calls a repeat, of each kind. */
  readonly calls: number;
  readonly repeats: number;
  /** Calls of each kind before the first repeat. */
  readonly warmUp: number;
  readonly inFlight: number;
  readonly connections: number;
}

/** What is measured, in the order of a repeat. */
export type P9Variant = "direct" | "bridge";

/** One variant in one repeat. `micros`: CPU of the server for one call. */
export interface P9Sample {
  readonly micros: number;
  readonly perSecond: number;
}

export interface P9Summary {
  readonly micros: Readonly<Record<P9Variant, Spread>>;
  readonly wallPerSecond: Readonly<Record<P9Variant, Spread>>;
  /** CPU of a direct call over that of one through the bridge, repeat by repeat: the goal is 0.50. */
  readonly ratio: Spread;
}

/** Measures both in turns. Ends early, by an error, when the signal says so. */
export async function measureP9(
  options: P9Options,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Readonly<Record<P9Variant, readonly P9Sample[]>>> {
  const child = forkPart("web-echo-server.ts");
  const { grpc, web } = await answerOf<{ readonly grpc: string; readonly web: number }>(child);
  const direct = new Wire(grpc, options.connections, new Metadata());
  const bridge = new WebWire(web, options.connections, P9_ORIGIN);
  const message = paddedTo(P9_BYTES);
  const call = {
    direct: () => direct.call(bareService.create, message),
    bridge: () => bridge.call(bareService.create, message),
  };
  const run = async (variant: P9Variant, count: number): Promise<P9Sample> => {
    const [cpu, began] = [cpuSecondsOf(pidOf(child)), performance.now()];
    await inFlight(Array.from({ length: count }), options.inFlight, signal, async () => void (await call[variant]()));
    const micros = ((cpuSecondsOf(pidOf(child)) - cpu) * 1e6) / count;
    return { micros, perSecond: (count * 1000) / (performance.now() - began) };
  };
  try {
    say(`warming up with ${options.warmUp} calls of each kind`);
    for (const variant of ["direct", "bridge"] as const) await run(variant, options.warmUp);
    const samples: Record<P9Variant, P9Sample[]> = { direct: [], bridge: [] };
    for (let repeat = 1; repeat <= options.repeats; repeat++) {
      say(`repeat ${repeat} of ${options.repeats}`);
      for (const variant of ["direct", "bridge"] as const) samples[variant].push(await run(variant, options.calls));
    }
    return samples;
  } finally {
    direct.close();
    bridge.close();
    await stopPart(child);
  }
}

/** Ratios are made repeat by repeat, then their median is taken. */
export function summariseP9(samples: Readonly<Record<P9Variant, readonly P9Sample[]>>): P9Summary {
  const { direct, bridge } = samples;
  const each = (figure: (sample: P9Sample) => number): Readonly<Record<P9Variant, Spread>> => ({
    direct: spreadOf(direct.map(figure)),
    bridge: spreadOf(bridge.map(figure)),
  });
  return {
    micros: each(({ micros }) => micros),
    wallPerSecond: each(({ perSecond }) => perSecond),
    ratio: spreadOf(direct.map(({ micros }, i) => micros / (bridge[i]?.micros ?? Number.NaN))),
  };
}

/** For people. */
export function describeP9({ micros, wallPerSecond, ratio }: P9Summary, facts: Facts, options: P9Options): string {
  const row = (name: string, variant: P9Variant): string => {
    const { median, least, most } = micros[variant];
    const wall = wallPerSecond[variant].median.toFixed(0);
    return `${name.padEnd(28)}${median.toFixed(1).padStart(8)} (${least.toFixed(1)} to ${most.toFixed(1)})   ${wall}/s by the clock`;
  };
  const { median, least, most } = ratio;
  return [
    `P9: gRPC-Web unary through the bridge; us CPU of the server a call, median (least to most) of ${options.repeats} repeats`,
    row("direct gRPC, grpc-js", "direct"),
    row("through the bridge", "bridge"),
    `P9   ${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})   goal 0.50`,
    `${options.calls} calls a repeat, ${options.warmUp} before, ${options.inFlight} in flight, ${options.connections} connections, ${P9_BYTES} bytes each way`,
    `${facts.cpu}, ${facts.cores} cores, ${facts.memoryGb} GB, Linux ${facts.kernel}, load ${facts.load.toFixed(1)}`,
    `Node ${facts.node}, grpc-js ${facts.grpcJs}`,
    facts.command,
  ].join("\n");
}
