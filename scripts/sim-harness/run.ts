// From a seed to a verdict, and from a long failing schedule to a short one.
import { sha256, toHex, utf8 } from "@countersign/protocol";
import { nextDueOf } from "./port.ts";
import { shardOfTransaction } from "../../core/server/src/store/entity.ts";
import { isFinal } from "../../core/server/src/transaction/watch.ts";
import type { Asked } from "./cluster.ts";
import type { Violation } from "./monitor.ts";
import type { Plant } from "./plant.ts";
import { Simulation } from "./simulation.ts";
import { FIRST, QUIET, scheduleOf, type Schedule, type Setting, type Step } from "./step.ts";

export interface Result {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly trace: readonly string[];
  /** Operations and steps. */
  readonly events: number;
  readonly looked: ReadonlyMap<string, number>;
  /** What the store was asked to commit. */
  readonly asked: readonly Asked[];
  readonly states: readonly string[];
}

/** Lives through a schedule and then, without faults, to the end. */
export async function runSchedule(seed: number, schedule: Schedule, plant?: Plant): Promise<Result> {
  const simulation = await opened(seed, schedule, plant);
  const { monitor, scheduler } = simulation;
  for (const step of schedule.steps) {
    if (monitor.violation !== undefined) break;
    await simulation.take(step);
  }
  if (monitor.violation === undefined) await settle(simulation);
  return {
    ...{ seed, violation: monitor.violation, trace: scheduler.trace, events: scheduler.trace.length },
    looked: monitor.looked,
    asked: simulation.cluster.asked,
    states: [...monitor.lives.values()].map(({ bodies }) => bodies.at(-1)?.state ?? "none"),
  };
}

const openings = new Map<Plant | undefined, Map<string, Promise<Simulation>>>();

/** What went well before is the same in every life without a bot: it is lived once. */
async function opened(seed: number, schedule: Schedule, plant: Plant | undefined): Promise<Simulation> {
  const { bot, opening, together = false } = schedule.setting;
  if (bot || opening === 0) return open(new Simulation(seed, schedule, plant), schedule.setting);
  const known = openings.get(plant) ?? new Map<string, Promise<Simulation>>();
  openings.set(plant, known);
  const name = `${opening} ${together}`;
  const quiet: Setting = together ? { ...QUIET, together: true } : QUIET;
  const first = known.get(name) ?? open(new Simulation(0, { setting: quiet }, plant), schedule.setting);
  known.set(name, first);
  return new Simulation(seed, schedule, plant, await first);
}

/** What went well before the schedule begins. */
async function open(simulation: Simulation, { opening }: Schedule["setting"]): Promise<Simulation> {
  if (opening === 0) return simulation;
  simulation.attach(0);
  await simulation.take(FIRST);
  await drain(simulation);
  if (opening === 5) {
    await simulation.take({ do: "veto", core: 0, tx: 0, salt: 0 });
    await drain(simulation);
    return simulation;
  }
  if (opening === 3 || opening === 4) {
    await simulation.take({ ...FIRST, content: 1, request: 1 });
    await drain(simulation);
  }
  if (opening === 1 || opening === 3) return simulation;
  await simulation.take({ do: "sign", core: 0, tx: 0, kind: "right", salt: 1, withheld: false });
  await drain(simulation);
  if (opening > 5) await ask(simulation, opening === 6 ? 0 : opening === 8 ? 2 : 1);
  if (opening > 8) {
    const stop = { do: "revoke", core: 0, person: 1, key: 0 } as const;
    const no = { do: "veto", core: 0, tx: 1, salt: 1 } as const;
    await simulation.take(opening === 9 ? stop : no);
    await drain(simulation);
  }
  return simulation;
}

/** Both others are asked, and so many say yes. */
async function ask(simulation: Simulation, yes: number): Promise<void> {
  for (const person of [1, 2]) {
    await simulation.take({ do: "approve", core: 0, tx: 0, person });
    await drain(simulation);
  }
  for (const tx of [1, 2].slice(0, yes)) {
    await simulation.take({ do: "sign", core: 0, tx, kind: "right", salt: 0, withheld: false });
    await drain(simulation);
    // Who says it is told; what it makes of the transaction is the sweepers' matter.
    await simulation.take({ do: "sweep", core: 0 });
    await drain(simulation);
  }
}

/** A plant is lived with where it is found. */
export function runSeed(seed: number, plant?: Plant, together: boolean = plant?.together ?? false): Promise<Result> {
  return runSchedule(seed, scheduleOf(seed, together), plant);
}

export function digestOf({ trace }: Pick<Result, "trace">): string {
  return toHex(sha256(utf8(trace.join("\n"))));
}

/** So often everybody may act at once before what is due now is done. */
const MOST_ROUNDS = 400;
/** So many moments may come until nothing is due any more. */
const MOST_MOMENTS = 60;

/** Nothing goes wrong any more: everything comes to its end within a bound. */
async function settle(simulation: Simulation): Promise<void> {
  const { cluster, monitor, scheduler } = simulation;
  scheduler.note("* faults stop");
  for (const index of [0, 1]) simulation.crash(index);
  for (let moment = 0; moment < MOST_MOMENTS; moment++) {
    await drain(simulation);
    if (monitor.violation !== undefined) return;
    const next = nextDueOf(cluster, (shard) => simulation.mayStandStill(shard));
    if (next === undefined) return finished(simulation);
    cluster.now = Math.max(cluster.now, next);
    scheduler.note(`* it is ${cluster.now}`);
    simulation.attach(0);
    // One of them is enough, whichever.
    void simulation.cores[moment % 2]?.sweep();
  }
  monitor.fail("liveness", `something is due for ever, last at ${cluster.now}`);
}

async function drain({ scheduler, monitor }: Simulation): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (scheduler.size === 0) return;
    await scheduler.takeAll();
    if (monitor.violation !== undefined) return;
  }
  monitor.fail("liveness", "somebody asks for ever");
}

function finished(simulation: Simulation): void {
  const { monitor, cluster } = simulation;
  for (const [txId, { bodies }] of monitor.lives) {
    const last = bodies.at(-1);
    if (simulation.mayStandStill(shardOfTransaction(txId))) continue;
    if (last !== undefined && !isFinal(last.state) && last.state !== "EXECUTION_UNKNOWN") {
      monitor.fail("liveness", `${txId} stays ${last.state}`);
    }
  }
  for (const { shard, row } of cluster.rows()) {
    if (simulation.mayStandStill(shard)) continue;
    if (row.key.type === "judged" && (row.body as { verdict?: unknown }).verdict === undefined) {
      monitor.fail("liveness", `${row.key.id}: a compare stays open`);
    }
  }
}

/** Leaves out steps as long as the same promise is broken: first long runs of them, then one by one. */
export async function shrink(seed: number, schedule: Schedule, rule: string, plant?: Plant): Promise<Schedule> {
  let steps: readonly Step[] = schedule.steps;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < steps.length;) {
      const without = [...steps.slice(0, from), ...steps.slice(from + size)];
      const { violation } = await runSchedule(seed, { ...schedule, steps: without }, plant);
      if (violation?.rule === rule) steps = without;
      else from += size;
    }
  }
  return { ...schedule, steps };
}
