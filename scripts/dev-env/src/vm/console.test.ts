import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { CpioWriter } from "./cpio.ts";
import { expectPassed } from "./expect-guest.ts";
import { readConsole } from "./guest-run.ts";
import { productionPackages } from "./packages.ts";

const folder = tempFolder();
const read = (console: string) => readConsole({ console, ms: 1 });

describe("what the guest's console says", () => {
  const GOOD = "[    0.2] PCI: noise\r\nPASS one\r\nFIGURE sign = 3.00 ms\r\nPASS two\r\nEND\r\n";

  test("each check passed, and the program came to its end", () => {
    const run = read(GOOD);
    expect(run).toMatchObject({ passed: ["one", "two"], failed: [], figures: ["sign = 3.00 ms"], ended: true });
    expectPassed(run, ["one", "two"]);
  });

  test.each([
    ["a check failed", "PASS one\nFAIL two: why\nPASS two\nEND\n"],
    ["a check is missing", "PASS one\nEND\n"],
    ["there is one more", "PASS one\nPASS two\nPASS three\nEND\n"],
    ["the guest stopped before its end", "PASS one\nPASS two\n"],
    ["the words come in the middle of a line", "x PASS one\nPASS two\nEND\n"],
    ["nothing was said", ""],
  ])("no success when %s", (_name, console) => {
    expect(() => expectPassed(read(console), ["one", "two"])).toThrow("toEqual");
  });
});

const peerTest = testWith("cpio", spawnSync("cpio", ["--version"]).status === 0);

peerTest("cpio unpacks the archive: folders before files, bytes, modes and links as they were put", () => {
  const path = join(folder, "a.cpio");
  const file = openSync(path, "w");
  const archive = new CpioWriter(file);
  const contents = [0, 1, 2, 3, 4, 5, 4096].map((size) => new Uint8Array(size).fill(size));
  contents.forEach((bytes, at) => archive.add(`/deep/er/${"n".repeat(at + 1)}`, bytes, 0o600));
  archive.add("/run-me", new TextEncoder().encode("#!/bin/sh\n"), 0o755);
  archive.link("/link", "run-me");
  archive.end();
  closeSync(file);
  const out = mkdtempSync(join(folder, "out-"));
  const { status, stderr } = spawnSync("cpio", ["-i", "--quiet"], { cwd: out, input: readFileSync(path) });
  expect([status, stderr.toString()]).toEqual([0, ""]);
  contents.forEach((bytes, at) => {
    expect(new Uint8Array(readFileSync(join(out, "deep/er", "n".repeat(at + 1))))).toEqual(bytes);
  });
  expect(
    spawnSync("stat", ["-c", "%A %N", "run-me", "link"], { cwd: out, encoding: "utf8" }).stdout.split("\n"),
  ).toEqual(["-rwxr-xr-x 'run-me'", "lrwxrwxrwx 'link' -> 'run-me'", ""]);
});

test("a program's packages are what it needs to run, by name", () => {
  const found = [...productionPackages(ROOT.replace(/\/$/, ""), ["device-daemon/daemon"], ["node-hid"])];
  const has = (name: string): boolean => found.some((path) => path.endsWith(`/${name}`));
  expect(
    ["device-daemon/daemon", "device-daemon/key-protocol", "@grpc/grpc-js", "pino"].filter((name) => !has(name)),
  ).toEqual([]);
  expect(["node-hid", "jest", "typescript"].filter(has)).toEqual([]);
  expect(found.every((path) => existsSync(join(path, "package.json")))).toBe(true);
});
