import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { toFile, warningOf, type GlassUse } from "./journal.ts";

const folder = tempFolder();
const USE: GlassUse = { at: "2026-11-30T14:31:00Z", user: "ada", service: "sudo", tty: "", remote: "", token: "1" };

test("what a disk is too full for is not written down", () => {
  expect(toFile(USE, "/dev/full")).toBe(false);
});

test("a name with controls reaches no terminal as it is", () => {
  const path = join(folder, "controls");
  expect(toFile({ ...USE, user: "\u001B[2Jeve\nlet in" }, path)).toBe(true);
  expect(warningOf(path)).toContain("by <U+001B>[2Jeve<U+000A>let<U+0020>in through sudo");
});

test.each([
  ["torn", '{"at":"2026'],
  ["of another shape", '{"at":7}'],
  ["no object", "null"],
])("a last line that is %s is a warning, and no reason to keep anybody out", (_name, last) => {
  const path = join(folder, "torn");
  writeFileSync(path, `${JSON.stringify(USE)}\n${last}`);
  expect(warningOf(path)).toBe(`WARNING: break-glass was used 2 times; the last line cannot be read. See ${path}`);
});
