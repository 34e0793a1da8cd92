// A core, many callers in a process of their own, and beside them here those who end something safely.
import { loadavg } from "node:os";
import { startChild } from "@countersign/testing/child";
import { TransactionServiceService } from "@countersign/proto/node/core/v1/transaction_service";
import { startOwnCore } from "../own-core.ts";
import { LightWire } from "./light-wire.ts";
import { at, type Measured } from "./load.ts";

export interface Overload extends Measured {
  /** Calls that end something safely, one each 100 ms all the time. */
  readonly urgent: { readonly calls: number; readonly refused: number; readonly p50Ms: number; readonly p99Ms: number };
  /** Of the machine, over the last minute. */
  readonly loadAverage: number;
}

export async function measureOverload(
  folder: string,
  { seconds, times }: { readonly seconds: number; readonly times: number },
): Promise<Overload> {
  const core = await startOwnCore(folder);
  const urgent = new UrgentCalls(core.address, core.tokens.submit);
  try {
    const args = [core.address, `${core.pid}`, `${seconds}`, `${times}`];
    const env = { COUNTERSIGN_LOAD_TOKEN: core.tokens.submit };
    const child = await startChild("scripts/fuzz-harness/overload/load-main.ts", args, env);
    const gone = new Promise((resolve) => child.process.once("exit", resolve));
    await urgent.beside(gone);
    const line = /^\{"measured":.*$/m.exec(child.output())?.[0];
    if (line === undefined) throw new Error(`the callers ended:\n${child.output()}`);
    const { measured } = JSON.parse(line) as { measured: Measured };
    return { ...measured, urgent: urgent.figures(), loadAverage: Number(loadavg()[0]?.toFixed(1)) };
  } finally {
    urgent.close();
    await core.stop();
  }
}

/** Cancels what there is not: an answer, whatever it says, is one that a real one would have had, too. */
class UrgentCalls {
  readonly #wire: LightWire;
  readonly #millis: number[] = [];
  #refused = 0;

  constructor(address: string, token: string) {
    this.#wire = new LightWire(address, 1, token);
  }

  async beside(gone: Promise<unknown>): Promise<void> {
    const timer = setInterval(() => void this.#cancel(), 100);
    await gone;
    clearInterval(timer);
  }

  figures(): Overload["urgent"] {
    return {
      calls: this.#millis.length,
      refused: this.#refused,
      p50Ms: at(this.#millis, 0.5),
      p99Ms: at(this.#millis, 0.99),
    };
  }

  close(): void {
    this.#wire.close();
  }

  async #cancel(): Promise<void> {
    const began = performance.now();
    const request = { transactionId: "00".repeat(16), reason: "" };
    const { path, requestSerialize } = TransactionServiceService.cancel;
    const { became } = await this.#wire.call(path, requestSerialize(request));
    if (became === "refused" || became === "late") this.#refused += 1;
    this.#millis.push(performance.now() - began);
  }
}
