// How figures look on a screen.
import type { Facts, Spread } from "./figures.ts";

/** Microseconds of CPU for one piece of work, and how many that makes per CPU-second. */
export function row(name: string, { median, least, most }: Spread): string {
  const range = `${median.toFixed(1).padStart(8)} (${least.toFixed(1)} to ${most.toFixed(1)})`;
  return `${name.padEnd(34)}${range.padEnd(30)}${(1e6 / median).toFixed(0).padStart(8)}`;
}

export function ratioText({ median, least, most }: Spread): string {
  return `${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

/** On what, with which versions, by which command. */
export function machineLines(facts: Facts): string[] {
  const { cpu, cores, memoryGb, kernel, load, node, grpcJs, sqlite, openssl, command } = facts;
  return [
    `${cpu}, ${cores} cores, ${memoryGb} GB, Linux ${kernel}, load ${load.toFixed(1)}`,
    `Node ${node}, grpc-js ${grpcJs}, SQLite ${sqlite}, OpenSSL ${openssl}`,
    command,
  ];
}
