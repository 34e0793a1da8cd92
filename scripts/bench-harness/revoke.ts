// node --conditions=source --import ./scripts/bench-harness/without-jest.ts scripts/bench-harness/revoke.ts [--json] [--rounds N] [--cores N]
// From the moment an administrator asks one core to revoke until every stream of the holder at every core has ended and every
// core refuses its calls, while payments are made and confirmed at all of them. Once by the hints of Redis, once with every
// hint of another core lost. The cores share this process, so each pays for the load of all: figures are upper ones.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openTestStore } from "../../core/server/src/store/redis/testing/open-test-store.ts";
import { startRedis } from "../../core/server/src/store/redis/testing/redis-server.ts";
import { drawId } from "../../core/server/src/store/store-fixture.ts";
import { deafened, HOLDERS, paying, type Taken } from "../../core/server/src/testing/revocable.ts";
import { SeveralCores, type OneCore } from "../../core/server/src/testing/several-cores.ts";
import { factsOf, spreadOf, type Spread } from "./figures.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    rounds: { type: "string", default: "10" },
    cores: { type: "string", default: "3" },
  },
});
const ROUNDS = Number(values.rounds);
const CORES = Number(values.cores);

const folder = mkdtempSync(join(tmpdir(), "countersign-bench-"));
const redis = await startRedis({ folder });

function open(deaf: boolean): Promise<SeveralCores> {
  const prefix = drawId();
  return SeveralCores.open(
    () => openTestStore(redis.port, prefix),
    async () => {
      const stores = await Promise.all(Array.from({ length: CORES - 1 }, () => openTestStore(redis.port, prefix)));
      return deaf ? stores.map(deafened) : stores;
    },
  );
}

/** Until this core lets the caller in no more. */
async function untilRefused(holder: Taken, core: OneCore): Promise<void> {
  while (holder.call !== undefined) {
    try {
      await holder.call(core);
    } catch {
      return;
    }
    await sleep(5);
  }
}

interface Round {
  readonly milliseconds: number;
  readonly payments: number;
}

async function measure(what: string, deaf: boolean): Promise<Round> {
  const cores = await open(deaf);
  try {
    const holder = await HOLDERS[what]?.(cores);
    const [first] = cores.cores;
    if (holder === undefined || first === undefined) throw new Error(`${what}: no such row`);
    const places = holder.call === undefined ? cores.cores.slice(-1) : cores.cores;
    const streams = [];
    for (const core of places) streams.push(await holder.open(core));
    const payments = paying(cores);
    // Each round at another moment of the second.
    await sleep(200 + Math.random() * 1000);
    const began = performance.now();
    await holder.revoke(first);
    await Promise.all([...streams.map(({ ended }) => ended), ...cores.cores.map((core) => untilRefused(holder, core))]);
    const milliseconds = performance.now() - began;
    return { milliseconds, payments: await payments.stop() };
  } finally {
    await cores.close();
  }
}

interface Row {
  readonly holder: string;
  readonly hints: "come" | "lost";
  readonly milliseconds: Spread;
  /** Made while it was measured, all rounds together. */
  readonly payments: number;
}

const rows: Row[] = [];
try {
  for (const hints of ["come", "lost"] as const) {
    for (const holder of Object.keys(HOLDERS)) {
      const rounds: Round[] = [];
      for (let i = 0; i < ROUNDS; i += 1) rounds.push(await measure(holder, hints === "lost"));
      const payments = rounds.reduce((all, one) => all + one.payments, 0);
      rows.push({ holder, hints, milliseconds: spreadOf(rounds.map(({ milliseconds }) => milliseconds)), payments });
      if (process.stderr.isTTY) process.stderr.write(`${hints} ${holder}\n`);
    }
  }
} finally {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
}

const facts = factsOf(["node", ...process.execArgv, "scripts/bench-harness/revoke.ts", ...process.argv.slice(2)]);
if (values.json === true) {
  console.log(JSON.stringify({ bench: "revoke", facts, options: { rounds: ROUNDS, cores: CORES }, rows }));
} else {
  console.log(
    `Revocation at one of ${CORES} cores on one Redis until all others refuse; ${ROUNDS} rounds each, milliseconds.`,
  );
  console.log(`Load ${facts.load.toFixed(1)} on ${facts.cores} cores, Node ${facts.node}.`);
  for (const { holder, hints, milliseconds, payments } of rows) {
    const { median, most } = milliseconds;
    const figures = `p50 ${median.toFixed(0).padStart(5)}   max ${most.toFixed(0).padStart(5)}`;
    console.log(`hints ${hints}   ${holder.padEnd(26)} ${figures}   ${payments} payments`);
  }
}
