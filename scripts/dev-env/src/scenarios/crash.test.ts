// The core dies at every effect, before and after its commit, and in recovery; everybody else carries on by himself.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { runOnce } from "@countersign/testing/child";
import { CrashWorld, type Survival } from "../crash/crash-world.ts";
import { deathsOf, EFFECTS, OF_TIME, POINTS, type FlowName, type Point } from "../crash/point-table.ts";

/** So that one works while the core of another starts. */
const WORLDS = 2;

const UNHARMED = { booked: 0, withCode: 0, showsCode: false, tries: 0, twice: [], lost: [] };
const EXECUTED = { ...UNHARMED, exit: 0, state: "EXECUTED", booked: 1, withCode: 1, tries: 1 };
/** Whatever the point, a flow ends as if nobody had died. */
const ENDINGS: Readonly<Record<FlowName, Omit<Survival, "deaths">>> = {
  joins: { ...UNHARMED, exit: 0, state: undefined },
  enrols: { ...UNHARMED, exit: 0, state: "ACTIVE" },
  links: { ...EXECUTED, booked: 0 },
  pays: EXECUTED,
  errs: { ...EXECUTED, tries: 2 },
  vetoes: { ...UNHARMED, exit: 13, state: "REJECTED", withCode: 1 },
  withdraws: { ...UNHARMED, exit: 17, state: "CANCELLED", withCode: 1 },
};
const FLOWS = Object.keys(EFFECTS) as FlowName[];

const folder = tempFolder();
// Hundreds of processes of the same few programs: each compiles them once.
process.env["NODE_COMPILE_CACHE"] = join(folder, "compiled");
const worlds: CrashWorld[] = [];
const recorded = new Map<FlowName, readonly string[]>();
const survivals = new Map<Point, Survival | Error>();

beforeAll(async () => {
  const waiting = [...POINTS];
  const flows = [...FLOWS];
  const work = async (name: string): Promise<void> => {
    mkdirSync(join(folder, name));
    const world = await CrashWorld.start(join(folder, name));
    worlds.push(world);
    for (let flow = flows.shift(); flow !== undefined; flow = flows.shift()) {
      recorded.set(flow, await world.record(flow));
    }
    for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) {
      survivals.set(point, await world.survive(point).catch((error: unknown) => error as Error));
    }
  };
  await Promise.all(Array.from({ length: WORLDS }, (_, i) => work(`${i}`)));
}, 1_500_000);
afterAll(async () => {
  await Promise.all(worlds.map((world) => world.stop()));
}, 400_000);

test.each(FLOWS)("every effect of one who %s has its crash points", (flow) => {
  const known = Object.values(EFFECTS).flat();
  const effects = new Set(recorded.get(flow)?.filter((effect) => !OF_TIME.some((rule) => rule.test(effect))));
  expect([...effects].filter((effect) => !known.includes(effect))).toEqual([]);
  expect(EFFECTS[flow].filter((effect) => !effects.has(effect))).toEqual([]);
});

test.each(POINTS.map((point) => [point.flow, deathsOf(point.at), point] as const))(
  "kill -9, who %s, %s: ends as if nobody had died",
  (flow, _deaths, point) => {
    const survival = survivals.get(point);
    if (survival instanceof Error) throw survival;
    expect(survival).toEqual({ ...ENDINGS[flow], deaths: point.at.length });
  },
);

test(`${POINTS.length} crash points: the audit of every store verifies, and what was acknowledged is in it`, async () => {
  for (const world of worlds) {
    const { folder: at } = world.installation;
    const args = ["verify-audit", "--data", join(at, "data"), "--secrets", join(at, "secrets")];
    const report = JSON.parse(await runOnce("core/server/src/main.ts", args)) as object;
    expect(report).toMatchObject({ ok: true, findings: [] });
    expect(world.acknowledgedAndLost()).toEqual([]);
  }
  expect(survivals.size).toBe(POINTS.length);
}, 400_000);
