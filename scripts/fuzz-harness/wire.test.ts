// A small part of the campaign over the wire: a core of its own answers what it must not understand, and lives.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { fuzzWire } from "./fuzz-wire.ts";
import { install, type Installed } from "./installation.ts";
import { type OwnCore, startOwnCore } from "./own-core.ts";
import { type WireTarget, wireTargets } from "./wire-targets.ts";

const folder = tempFolder();
let core: OwnCore;
let installed: Installed;
let targets: readonly WireTarget[];

beforeAll(async () => {
  core = await startOwnCore(folder);
  installed = await install(core);
  targets = wireTargets(core, installed);
});
afterAll(async () => {
  for (const target of targets) target.close();
  await core.stop();
});

test.each([
  ["grpc", 3000, "3"],
  ["grpc-web", 400, "3"],
  ["bot", 100, "3"],
  ["frames", 200, "none"],
])(
  "%s: %i malformed inputs, and no answer that says the core did not know what it did",
  async (name, inputs, usual) => {
    const target = targets.find((one) => one.name === name);
    if (target === undefined) throw new Error(`no target ${name}`);
    const { findings, answers } = await fuzzWire(target, { seed: 20_261, from: 0, inputs });
    expect(findings).toEqual([]);
    expect(core.isAlive).toBe(true);
    expect(Object.values(answers).reduce((sum, one) => sum + one, 0)).toBe(inputs);
    expect(Object.keys(answers)).toContain(usual);
  },
);

test("it logged nothing unexpected, and ends as it should", async () => {
  expect(core.output()).not.toContain("unexpected error");
  expect(await core.stop()).toBe(0);
});
