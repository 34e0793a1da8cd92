import { chmodSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { MissedFile } from "./missed-file.ts";
import { PairingFileError } from "./private-file.ts";

const BANK = "https://bank.example";
const SHOP = "https://shop.example";
const FILE = "missed-pairings.json";
const root = tempFolder();
let folder: string;
let folders = 0;

beforeEach(() => {
  folder = join(root, String(++folders));
});

describe("what was not confirmed", () => {
  test("is there for the next process, for its own page alone", () => {
    const missed = new MissedFile(folder);
    missed.set(BANK, { count: 2, lockedUntil: 5 });
    missed.set(SHOP, { count: 1, lockedUntil: 6 });
    expect(new MissedFile(folder).get(BANK)).toEqual({ count: 2, lockedUntil: 5 });
    missed.set(BANK, undefined);
    expect(new MissedFile(folder).get(BANK)).toBeUndefined();
    expect(new MissedFile(folder).get(SHOP)).toEqual({ count: 1, lockedUntil: 6 });
  });

  test("lies in a file of the user's own, in a folder of his own; nothing is left beside it", () => {
    new MissedFile(folder).set(BANK, { count: 1, lockedUntil: 1 });
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
    expect(lstatSync(join(folder, FILE)).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([FILE]);
  });

  test("where nothing was missed nothing is written", () => {
    new MissedFile(folder).set(BANK, undefined);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["a list of pages", '{"missed":[]}'],
    ["a count that is none", '{"missed":{"https://bank.example":{"count":"1","lockedUntil":1}}}'],
    ["a lock without end", '{"missed":{"https://bank.example":{"count":1}}}'],
  ])("%s in the file gives no page its tries back: the daemon does not start", (_name, text) => {
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, FILE), text, { mode: 0o600 });
    expect(() => new MissedFile(folder)).toThrow(PairingFileError);
  });

  test("a file that others can write is not believed", () => {
    new MissedFile(folder).set(BANK, { count: 1, lockedUntil: 1 });
    chmodSync(join(folder, FILE), 0o666);
    expect(() => new MissedFile(folder)).toThrow("chmod 600");
  });
});
