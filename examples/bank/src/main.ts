#!/usr/bin/env node
// A relying party in one page: books confirmed payments into a ledger file, once each. See README.md.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ExecutionServiceClient } from "@countersign/proto/node/core/v1/execution_service";
import { runExecutor } from "./executor.ts";
import { Ledger } from "./ledger.ts";
import { readSettings, USAGE } from "./settings.ts";

/** A core that hangs, or is gone without a word, would leave the stream of offers open and silent. */
const KEEPALIVE = { "grpc.keepalive_time_ms": 10_000, "grpc.keepalive_timeout_ms": 5_000 };

async function main(): Promise<void> {
  if (process.argv.includes("--help")) return console.log(USAGE);
  if (process.argv.includes("--version")) return console.log(version());
  const settings = readSettings(process.argv.slice(2));
  const ledger = Ledger.open(settings.ledger);
  const client = new ExecutionServiceClient(settings.core, settings.channel, KEEPALIVE);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);
  console.log(JSON.stringify({ ready: true }));
  await runExecutor({ client, metadata: settings.metadata, ledger, log, pause }, stop.signal);
  client.close();
  ledger.close();
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version;

function log(line: string): void {
  console.error(`bank: ${line}`);
}

main().catch((error: unknown) => {
  log(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 69;
});
