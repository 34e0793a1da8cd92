import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { UDEV_RULE, UDEV_RULE_FILE } from "./usb.ts";

const folder = new URL("../../../packaging/udev/", import.meta.url);

test("D14: the udev rule that is shipped is the one that is told, tags with uaccess and opens nothing to everybody", () => {
  expect(readdirSync(folder)).toEqual([UDEV_RULE_FILE]);
  const lines = readFileSync(new URL(UDEV_RULE_FILE, folder), "utf8").split("\n");
  const rules = lines.filter((line) => line !== "" && !line.startsWith("#"));
  expect(rules).toEqual([UDEV_RULE]);
  expect(UDEV_RULE).toContain('TAG+="uaccess"');
  expect(UDEV_RULE).not.toMatch(/MODE|GROUP|RUN|PROGRAM|0666/);
});

test("D14: the rule sorts before the one that acts on its tag", () => {
  expect([UDEV_RULE_FILE, "73-seat-late.rules"].toSorted()).toEqual([UDEV_RULE_FILE, "73-seat-late.rules"]);
});
