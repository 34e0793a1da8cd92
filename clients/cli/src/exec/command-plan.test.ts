// The environment of a command is taken once, and looked at again right before it runs.
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { commandLines, digestOfCommand, ONCE_LENGTH } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { planCommand, whatChanged, type CommandAsked, type CommandPlan, type Surroundings } from "./command-plan.ts";

const root = tempFolder();
let env: Record<string, string | undefined>;
let asked: CommandAsked;
let plan: CommandPlan;
const around: Surroundings = {
  get env() {
    return env;
  },
  folder: () => root,
};

beforeEach(() => {
  env = { NAMED: "shown", SECRET: "stays here", TERM: "xterm", LD_PRELOAD: "/tmp/evil.so" };
  asked = {
    ...{ words: ["/usr/bin/env"], env: ["NAMED", "SET=here"], purpose: undefined },
    once: new Uint8Array(ONCE_LENGTH),
  };
  plan = planCommand(asked, around);
});
afterEach(() => plan.close());

test("nothing is handed on but what is named and the base, and the digest binds both", () => {
  const names = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "TERM", "NAMED", "SET"];
  expect(Object.keys(plan.environment).toSorted()).toEqual(names.toSorted());
  expect(plan.environment).toMatchObject({ NAMED: "shown", SET: "here", TERM: "xterm" });
  const { run } = plan;
  const digests = [run, { ...run, environment: [["NAMED", "other"]] as const }, { ...run, base: run.base.slice(1) }];
  expect(new Set(digests.map((one) => Buffer.from(digestOfCommand(one)).toString("hex"))).size).toBe(3);
});

test("what is shown is what is handed over: a variable that changes later reaches nobody", () => {
  env["NAMED"] = "changed";
  expect(plan.environment["NAMED"]).toBe("shown");
  const shown = commandLines(plan.run).map(({ value }) => value);
  expect(shown).toContain("NAMED=shown");
});

test.each<[string, () => void, string]>([
  ["a named variable changed", () => void (env["NAMED"] = "changed"), "the environment is another one"],
  ["a named variable is gone", () => void delete env["NAMED"], "--env NAMED"],
  ["one of the base changed", () => void (env["TERM"] = "vt100"), "the environment is another one"],
])("%s between show and run: it is found, and named", (_name, change, words) => {
  expect(whatChanged(plan, asked, around)).toBeUndefined();
  change();
  expect(whatChanged(plan, asked, around)).toContain(words);
});

test("a variable that nobody named may change: it reaches no command", () => {
  env["SECRET"] = "other";
  env["LD_PRELOAD"] = "/tmp/more.so";
  expect(whatChanged(plan, asked, around)).toBeUndefined();
});

test("PATH decides what is found: another program first on it is found in its place", () => {
  const [first, second] = [mkdtempSync(join(root, "a-")), mkdtempSync(join(root, "b-"))];
  writeFileSync(join(second, "tool"), "#!/bin/sh\n", { mode: 0o700 });
  const words: CommandAsked = { ...asked, words: ["tool"], env: [`PATH=${first}:${second}`] };
  const found = planCommand(words, around);
  expect(whatChanged(found, words, around)).toBeUndefined();
  writeFileSync(join(first, "tool"), "#!/bin/sh\n", { mode: 0o700 });
  expect(whatChanged(found, words, around)).toContain("is found in its place");
  found.close();
});
