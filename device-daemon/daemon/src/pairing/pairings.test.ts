import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { PairingFile } from "./pairing-file.ts";
import { PairingFileError } from "./private-file.ts";
import { bearerOf, newPairingToken } from "./pairing-token.ts";
import { Pairings, PER_ORIGIN } from "./pairings.ts";

const BANK = "https://bank.example";
const SHOP = "https://shop.example";
const root = tempFolder();
const opened: Pairings[] = [];
let count = 0;

const freshFolder = (): string => join(root, String(++count));

function open(folder: string): Pairings {
  const pairings = new Pairings(new PairingFile(folder));
  opened.push(pairings);
  return pairings;
}

afterEach(() => {
  for (const pairings of opened.splice(0)) pairings.close();
});

describe("D4: the pairing token", () => {
  test("D4: has 256 bits of chance", () => {
    const tokens = Array.from({ length: 100 }, newPairingToken);
    for (const token of tokens) expect(Buffer.from(token.replace("cs_pair_", ""), "base64url").length).toBe(32);
    expect(new Set(tokens).size).toBe(100);
  });

  test("D4: is stored hashed, in a file of 0600 in a folder of 0700, and nothing else is left there", () => {
    const folder = freshFolder();
    const token = open(folder).add(BANK);
    const path = join(folder, "pairings.json");
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    const stored = readFileSync(path);
    const secret = token.replace("cs_pair_", "");
    expect(stored.includes(secret)).toBe(false);
    expect(stored.includes(Buffer.from(secret, "base64url").toString("hex"))).toBe(false);
    expect(readdirSync(folder)).toEqual(["pairings.json"]);
  });

  test("D4: survives a restart", () => {
    const folder = freshFolder();
    const token = open(folder).add(BANK);
    expect(open(folder).find(BANK, token)?.id).toMatch(/^[0-9a-f]{16}$/);
  });

  test("D4: is for its origin alone", () => {
    const pairings = open(freshFolder());
    const [bank, shop] = [pairings.add(BANK), pairings.add(SHOP)];
    expect(pairings.find(BANK, bank)).toBeDefined();
    expect(pairings.find(SHOP, shop)).toBeDefined();
    expect(pairings.find(SHOP, bank)).toBeUndefined();
    expect(pairings.find(BANK, shop)).toBeUndefined();
    expect(pairings.find("https://bank.example.evil.example", bank)).toBeUndefined();
    expect(pairings.find(BANK, newPairingToken())).toBeUndefined();
  });

  test("D4: is revocable, by id and by origin; its open calls end", async () => {
    const pairings = open(freshFolder());
    const [first, second, other] = [pairings.add(BANK), pairings.add(BANK), pairings.add(SHOP)];
    const proven = pairings.find(BANK, first);
    expect(pairings.remove(proven?.id ?? "")).toBe(1);
    expect(pairings.find(BANK, first)).toBeUndefined();
    expect(pairings.find(BANK, second)).toBeDefined();
    await new Promise((resolve) => setImmediate(resolve));
    expect(proven?.ended.reason).toMatchObject({ details: "the pairing of this page was ended" });
    expect(pairings.remove(BANK)).toBe(1);
    expect(pairings.remove(BANK)).toBe(0);
    expect(pairings.find(SHOP, other)?.ended.aborted).toBe(false);
  });

  test("D4: revoked by another process it ends here, too", async () => {
    const folder = freshFolder();
    const here = open(folder);
    here.watch();
    const token = here.add(BANK);
    const proven = here.find(BANK, token);
    const ended = new Promise((resolve) => proven?.ended.addEventListener("abort", resolve));
    expect(open(folder).remove(BANK)).toBe(1);
    await ended;
    expect(here.find(BANK, token)).toBeUndefined();
  });

  test("D4: one origin has at most so many; the oldest leaves, those of others stay", () => {
    const pairings = open(freshFolder());
    const other = pairings.add(SHOP);
    const tokens = Array.from({ length: PER_ORIGIN + 1 }, () => pairings.add(BANK));
    expect(pairings.find(BANK, tokens[0] ?? "")).toBeUndefined();
    expect(pairings.find(BANK, tokens[1] ?? "")).toBeDefined();
    expect(pairings.find(SHOP, other)).toBeDefined();
    expect(pairings.list().length).toBe(PER_ORIGIN + 1);
  });
});

describe("what is kept must be trustworthy", () => {
  test.each([
    ["no JSON", "{"],
    ["something else", "[]"],
    ["a pairing without hash", '{"pairings":[{"id":"0123456789abcdef","origin":"a","pairedAt":"b"}]}'],
    ["a short hash", '{"pairings":[{"id":"0123456789abcdef","origin":"a","pairedAt":"b","tokenHash":"00"}]}'],
  ])("%s in the file is refused", (_name, text) => {
    const folder = freshFolder();
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, "pairings.json"), text, { mode: 0o600 });
    expect(() => open(folder)).toThrow(PairingFileError);
  });

  test("a file or a folder that others may read, and links, are refused", () => {
    const folder = freshFolder();
    open(folder).add(BANK);
    chmodSync(join(folder, "pairings.json"), 0o644);
    expect(() => open(folder)).toThrow("chmod 600");
    chmodSync(join(folder, "pairings.json"), 0o600);
    chmodSync(folder, 0o755);
    expect(() => open(folder)).toThrow("chmod 700");
    symlinkSync(folder, join(root, "link"));
    expect(() => open(join(root, "link"))).toThrow("must not be a link");
  });

  test("a file that is spoilt while the daemon runs ends every pairing", () => {
    const folder = freshFolder();
    const pairings = open(folder);
    const token = pairings.add(BANK);
    writeFileSync(join(folder, "pairings.json"), "spoilt");
    expect(pairings.find(BANK, token)).toBeUndefined();
  });
});

test.each([
  [[], false],
  [["Bearer cs_pair_short"], false],
  [[`Bearer ${newPairingToken()}`], true],
  [[`bearer ${newPairingToken()}`], true],
  [[`Bearer ${newPairingToken()}x`], false],
  [[newPairingToken()], false],
  [[`Basic ${newPairingToken()}`], false],
  [[`Bearer ${newPairingToken()}`, `Bearer ${newPairingToken()}`], false],
  [[Buffer.from(`Bearer ${newPairingToken()}`)], false],
])("authorization %# holds a token: %p", (values, holds) => {
  expect(bearerOf(values) !== undefined).toBe(holds);
});
