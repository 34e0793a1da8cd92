import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT, testWith } from "@countersign/testing";
import { ExitCode } from "../exit-code.ts";

const PAGE = join(ROOT, "docs/reference/countersign.1");
const page = readFileSync(PAGE, "utf8");

test("the page tells every exit code, the daily commands and where settings come from", () => {
  for (const code of Object.values(ExitCode)) expect(page).toContain(`\n.B ${code}\n`);
  for (const command of ["pay <file>", String.raw`exec \-\- <command> [arguments...]`, "gate", "doctor"]) {
    expect(page).toContain(`.SS "${command}`);
  }
  expect(page).toContain(String.raw`.BR \-\-execute\-token ", " COUNTERSIGN_EXECUTE_TOKEN_FILE`);
});

const peerTest = testWith("mandoc", spawnSync("mandoc", ["-T", "lint", "/dev/null"]).error === undefined);

peerTest("mandoc finds nothing to say about it", () => {
  const { stdout, stderr } = spawnSync("mandoc", ["-T", "lint", "-W", "style", PAGE], { encoding: "utf8" });
  expect(stdout + stderr).toBe("");
  const { status, stdout: shown } = spawnSync("mandoc", ["-T", "html", PAGE], { encoding: "utf8" });
  expect([status, shown]).toEqual([0, expect.stringContaining("STATUS")]);
});
