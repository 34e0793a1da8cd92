// examples/bank/try as a newcomer runs it: from another folder, to the end, with nothing left behind.
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing/child";
import { tempFolder } from "@countersign/testing";
import { processesIn, startScript } from "../scenarios/entry-script.ts";

const folder = tempFolder();
const SAMPLES = join(ROOT, "examples/bank/samples");
const TRY = "../examples/bank/try";

/** Runs it with temporary folders below one of its own. */
async function tried(name: string, ...files: string[]) {
  const tmp = join(folder, name);
  mkdirSync(tmp);
  const script = startScript(TRY, files, { cwd: SAMPLES, tmp });
  const exit = await script.ended;
  const left = [...processesIn(tmp), ...readdirSync(tmp)];
  return { exit, left, stdout: script.stdout(), stderr: script.stderr() };
}

test("pays a file named from there, shows ledger and receipt; the same again is exit 22, booked once", async () => {
  const ran = await tried("twice", "invoice.xml", "invoice.xml");
  expect({ exit: ran.exit, left: ran.left, stderr: ran.stderr }).toEqual({ exit: 22, left: [], stderr: ran.stderr });
  expect(ran.stdout).toContain("Müller GmbH");
  expect(ran.stdout).toMatch(/receipt [0-9A-F]{4}-[0-9A-F]{4} verified: EXECUTED/);
  expect(ran.stdout.split("\n").filter((line) => line.startsWith('{"type":"transaction"'))).toHaveLength(1);
  expect(ran.stderr).toContain("--repeat if it is meant twice");
}, 400_000);

test("ends with the client's exit code: a refused file is 2, and nothing is booked", async () => {
  const { exit, left, stdout } = await tried("refused", "refused/wrong-iban.xml");
  expect([exit, left]).toEqual([2, []]);
  expect(stdout).toContain("fails the IBAN check digits");
  expect(stdout).toContain("nothing is booked");
}, 400_000);
