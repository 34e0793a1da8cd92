import type { ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { State } from "@countersign/proto/node/core/v1/content";
import { TransactionServiceService } from "@countersign/proto/node/core/v1/transaction_service";
import { bootstrapCore, serveCore, type BenchCore } from "./bench-core.ts";
import { cpuSecondsOf } from "./figures.ts";
import { forkPart, stopPart } from "./limit.ts";
import { memoryOf } from "./memory.ts";
import type { OpenReport } from "./open-main.ts";
import {
  fewOf,
  LONG_POLICY,
  VARIANTS,
  type P10Options,
  type P10Result,
  type P10Sample,
  type P10Variant,
} from "./p10.ts";
import { bearerOf, inFlight, Wire } from "./wire.ts";

const AT_A_TIME = 16;
const CONNECTIONS = 4;
/** Until what the reads left behind is as it stays. */
const SETTLE_MS = 1_000;

/** An installation whose core was killed, and what is open in it. */
interface Filled {
  readonly folder: string;
  readonly transactions: readonly string[];
}

/** Runs in a folder that is empty and the caller's own. Ends early, by an error, when the signal says so. */
export async function measureP10(
  folder: string,
  options: P10Options,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<P10Result> {
  const empty = await filled(join(folder, "empty"), 1, signal, say);
  const began = performance.now();
  const few = await filled(join(folder, "few"), fewOf(options), signal, say);
  const filling = performance.now();
  const full = await filled(join(folder, "full"), options.open, signal, say);
  const filledSeconds = (performance.now() - filling) / 1000;
  const diskMb = sizeOf(join(full.folder, "data")) / 2 ** 20;
  const folders: Readonly<Record<P10Variant, Filled>> = { empty, few, full };
  const samples: Record<P10Variant, P10Sample[]> = { empty: [], few: [], full: [] };
  for (let repeat = 1; repeat <= options.repeats; repeat++) {
    say(`repeat ${repeat} of ${options.repeats}`);
    for (const variant of VARIANTS) {
      samples[variant].push(await live(folders[variant], options.calls, signal));
    }
  }
  return { samples, filledSeconds, diskMb, ageSeconds: (performance.now() - began) / 1000 };
}

/** The process that fills it is killed when it is done: nothing is put in order first. */
async function filled(folder: string, open: number, signal: AbortSignal, say: (line: string) => void): Promise<Filled> {
  mkdirSync(folder);
  await bootstrapCore(folder, LONG_POLICY);
  const child = forkPart("open-main.ts");
  try {
    child.send({ folder, open });
    return { folder, transactions: await opened(child, signal, (created) => say(`${created} of ${open} are open`)) };
  } finally {
    child.kill("SIGKILL");
    await stopPart(child);
  }
}

async function opened(
  child: ChildProcess,
  signal: AbortSignal,
  tell: (created: number) => void,
): Promise<readonly string[]> {
  const all = Promise.withResolvers<readonly string[]>();
  child.on("message", ({ created, transactions }: OpenReport) => {
    if (transactions === undefined) tell(created);
    else all.resolve(transactions);
  });
  child.once("exit", (code) => all.reject(new Error(`the process that opens transactions ended with ${code}`)));
  const stop = (): void => all.reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await all.promise;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function live({ folder, transactions }: Filled, calls: number, signal: AbortSignal): Promise<P10Sample> {
  const [first = ""] = transactions;
  const core = await serveCore(folder);
  let startedMb: number;
  let read: ReturnType<typeof memoryOf>;
  let readsMs: number;
  try {
    await readAll(core, [first], signal);
    startedMb = memoryOf(core.pid).allMb;
    const began = performance.now();
    await readAll(core, evenly(transactions, calls), signal);
    readsMs = performance.now() - began;
    await sleep(SETTLE_MS, undefined, { signal });
    read = memoryOf(core.pid);
  } catch (error) {
    await core.kill();
    throw error;
  }
  const killed = performance.now();
  await core.kill();
  const next = await serveCore(folder);
  try {
    const listeningMs = performance.now() - killed;
    await readAll(next, [first], signal);
    const againMs = performance.now() - killed;
    const againCpuMs = 1000 * cpuSecondsOf(next.pid);
    return { startedMb, readMb: read.allMb, ownMb: read.ownMb, readsMs, againMs, listeningMs, againCpuMs };
  } finally {
    await next.kill();
  }
}

/** So many of them from first to last, some twice where there are fewer. */
export function evenly(all: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] ?? "");
}

async function readAll(core: BenchCore, transactions: readonly string[], signal: AbortSignal): Promise<void> {
  const wire = new Wire(core.address, Math.min(CONNECTIONS, transactions.length), bearerOf(core.appToken));
  try {
    await inFlight(transactions, AT_A_TIME, signal, async (transactionId) => {
      const { transaction } = await wire.call(TransactionServiceService.get, { transactionId });
      if (transaction?.state !== State.PENDING) throw new Error(`${transactionId} is not open any more: take fewer`);
    });
  } finally {
    wire.close();
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}
