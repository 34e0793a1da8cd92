// Each attack for some seconds beside normal calls at a fixed rate, against the same core, with quiet between.
import { setTimeout as sleep } from "node:timers/promises";
import { startChild } from "@countersign/testing/child";
import { type OwnCore, startOwnCore } from "../own-core.ts";
import { type Attacked, ATTACKS } from "./attacks.ts";
import { type NormalFigures, NormalTraffic } from "./normal.ts";

export interface FloodRow {
  readonly attack: string;
  readonly attacked: Attacked | undefined;
  readonly normal: NormalFigures;
  /** p99 of the normal calls against that of the quiet time before. */
  readonly p99Ratio: number;
  readonly rssMb: { readonly before: number; readonly most: number; readonly after: number };
  /** CPU time of the core during it, of one core. */
  readonly cpuShare: number;
}

const CALLS_A_SECOND = 100;
const PATH = "/countersign.core.v1.UserService/Get";

export async function measureFloods(
  folder: string,
  options: { readonly seconds: number; readonly only: readonly string[] },
  say: (line: string) => void,
): Promise<FloodRow[]> {
  const core = await startOwnCore(folder);
  const normal = new NormalTraffic(core.address, core.tokens.submit);
  const rows: FloodRow[] = [];
  try {
    await normal.begin();
    const beside = new Beside(core, normal);
    await beside.watch(2, Promise.resolve());
    for (const { name } of ATTACKS.filter((one) => options.only.length === 0 || options.only.includes(one.name))) {
      const row = await measure(core, beside, name, options.seconds);
      say(`${name.padEnd(16)} p99 ${row.normal.p99Ms} ms (×${row.p99Ratio}), ${row.normal.errors.length} errors`);
      rows.push(row);
      if (!core.isAlive) throw new Error(`the core ended:\n${core.output()}`);
      await sleep(1000);
    }
  } finally {
    normal.close();
    await core.stop();
  }
  return rows;
}

async function measure(core: OwnCore, beside: Beside, attack: string, seconds: number): Promise<FloodRow> {
  const before = core.rssKb();
  const quiet = await beside.watch(seconds, Promise.resolve());
  const child = await startChild("scripts/fuzz-harness/http2/attacker-main.ts", [
    ...[core.address, PATH, attack, String(seconds)],
  ]);
  const gone = new Promise<void>((resolve) => child.process.once("exit", () => resolve()));
  const cpu = core.cpuMs();
  const began = performance.now();
  const flooded = await beside.watch(seconds, gone);
  const cpuShare = (core.cpuMs() - cpu) / (performance.now() - began);
  const line = /^\{"attacked":.*$/m.exec(child.output())?.[0];
  return {
    attack,
    attacked: line === undefined ? undefined : (JSON.parse(line) as { attacked: Attacked }).attacked,
    normal: flooded.figures,
    p99Ratio: Number((flooded.figures.p99Ms / quiet.figures.p99Ms).toFixed(2)),
    rssMb: { before: mb(before), most: mb(flooded.mostKb), after: mb(core.rssKb()) },
    cpuShare: Number(cpuShare.toFixed(2)),
  };
}

function mb(kb: number): number {
  return Math.round(kb / 1024);
}

class Beside {
  readonly #core: OwnCore;
  readonly #normal: NormalTraffic;
  #n = 1;

  constructor(core: OwnCore, normal: NormalTraffic) {
    this.#core = core;
    this.#normal = normal;
  }

  /** Calls at the rate, also while earlier ones wait, for so long at least and until `gone`. */
  async watch(
    seconds: number,
    gone: Promise<void>,
  ): Promise<{ readonly figures: NormalFigures; readonly mostKb: number }> {
    const end = performance.now() + 1000 * seconds;
    const attacker = { isGone: false };
    void gone.then(() => (attacker.isGone = true));
    let mostKb = 0;
    const calls: Promise<void>[] = [];
    this.#normal.take();
    while (performance.now() < end || !attacker.isGone) {
      calls.push(this.#normal.call(this.#n++));
      mostKb = Math.max(mostKb, this.#core.rssKb());
      await sleep(1000 / CALLS_A_SECOND);
    }
    await Promise.all(calls);
    return { figures: this.#normal.take(), mostKb };
  }
}
