import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT, tempFolder } from "@countersign/testing";

const folder = tempFolder();
const MAIN = join(ROOT, "clients/cli/src/main.ts");

function cli(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning", MAIN];
  return spawnSync(process.execPath, [...flags, ...args], { cwd: folder, encoding: "utf8" });
}

test.each(["sh", "zsh", "fish"])("prints a script for %s", (shell) => {
  const { stdout, status } = cli("completion", shell);
  expect([status, stdout]).toEqual([0, expect.stringContaining("countersign")]);
});

test("another shell is refused", () => {
  expect(cli("completion", "tcsh").status).toBe(2);
});

test("the script completes what sh would run", () => {
  const { stdout } = cli("completion", "sh");
  expect(spawnSync("bash", ["-n"], { input: stdout }).status).toBe(0);
});

test.each([
  [["confirm", "dep"], "deploy"],
  [["link", ""], "telegram"],
  [["pay", "--un"], "--until"],
  [["pay", "--until", ""], "confirmed"],
  [["confirm", "pay", "--field", "am"], "amount="],
  [["tx", ""], "watch"],
  [["admin", "user", ""], "freeze"],
  [["admin", "tx", "list", "--state", ""], "tampered"],
])("offers for %j", (words, offered) => {
  expect(cli("complete", "--", ...words).stdout.split(/\s/)).toContain(offered);
});

test("offers payment files that lie here", () => {
  writeFileSync(join(folder, "invoice.xml"), "");
  expect(cli("complete", "--", "pay", "inv").stdout).toContain("invoice.xml");
});

test("the command as a process: version, help, bad usage", () => {
  expect(cli("--version")).toMatchObject({ status: 0, stdout: "0.1.0\n" });
  expect(cli("--help").stdout).toContain("pay [options] <file>");
  expect(cli("frobnicate")).toMatchObject({ status: 2, stdout: "" });
});
