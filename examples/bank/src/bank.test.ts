import { randomBytes } from "node:crypto";
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startChild, tempFolder, type Child } from "@countersign/testing";
import { FakeExecution } from "./testing/fake-execution.ts";
import { Ledger } from "./ledger.ts";

const folder = tempFolder();
const tokenFile = join(folder, "bank.token");
writeFileSync(tokenFile, "cs_app_execute\n", { mode: 0o600 });
let core: FakeExecution;
let ledger: string;
let bank: Child | undefined;

beforeEach(async () => {
  core = await new FakeExecution("cs_app_execute").start();
  ledger = join(folder, `${randomBytes(4).toString("hex")}.ledger`);
});
afterEach(async () => {
  await bank?.stop();
  core.stop();
});

async function startBank(): Promise<void> {
  const args = ["--core", core.address, "--token-file", tokenFile, "--ledger", ledger];
  bank = await startChild("examples/bank/src/main.ts", args);
}

function lines(): Record<string, unknown>[] {
  const text = readFileSync(ledger, "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("check 14: books a confirmed payment once, between Begin and Report", async () => {
  const id = core.offerPayment("Müller GmbH");
  await startBank();
  await core.reported(id);
  expect(core.trace(id)).toEqual([`claim bank-${id} idempotent`, "begin 1", "report EXECUTED 1"]);
  expect(lines()).toEqual([
    expect.objectContaining({
      type: "payment",
      ...{
        transactionId: id,
        payee: "Müller GmbH",
        account: "DE89370400440532013000",
        currency: "EUR",
        minorUnits: "125000",
      },
      references: ["Invoice 2026-114"],
    }),
    expect.objectContaining({ type: "transaction", transactionId: id, payments: 1, userId: "ada" }),
  ]);
  expect(statSync(ledger).mode & 0o777).toBe(0o600);
});

test("books every payment of a batch, its bank and references with it", async () => {
  const id = core.offerBatch();
  await startBank();
  await core.reported(id);
  const booked = lines();
  expect(booked.map(({ type, payee }) => [type, payee])).toEqual([
    ["payment", "Anna"],
    ["payment", "Björn"],
    ["transaction", undefined],
  ]);
  expect(booked[1]).toMatchObject({ account: "0045612398", bank: "CHASUS33XXX", minorUnits: "40000", currency: "USD" });
});

test("an offer that comes twice, and over a restart, is booked once and reported each time", async () => {
  const id = core.offerPayment("Müller GmbH");
  await startBank();
  await core.reported(id);
  core.offerAgain(id);
  await core.reported(id, 2);
  await bank?.stop();
  await startBank();
  core.offerAgain(id);
  await core.reported(id, 3);
  expect(lines().filter(({ type }) => type === "payment")).toHaveLength(1);
});

test("killed between booking and the answer to its report, it books nothing twice", async () => {
  core.silentReports = 1;
  const id = core.offerPayment("Müller GmbH");
  await startBank();
  await core.reported(id);
  await bank?.stop("SIGKILL");
  const before = readFileSync(ledger, "utf8");
  await startBank();
  await core.reported(id, 2);
  expect(readFileSync(ledger, "utf8")).toBe(before);
  expect(core.trace(id).filter((line) => line.startsWith("claim"))).toEqual(
    Array(2).fill(`claim bank-${id} idempotent`),
  );
});

test("opens the stream again when it breaks", async () => {
  await startBank();
  await core.attached(1);
  core.breakStreams();
  await core.attached(2);
  const id = core.offerPayment("Müller GmbH");
  await core.reported(id);
  expect(lines()).toHaveLength(2);
});

test.each([
  ["fields", "payee"],
  ["digest", "digest"],
] as const)("an offer whose %s disagree is not claimed", async (_name, what) => {
  const id = core.offerPayment("Müller GmbH", what);
  const good = core.offerPayment("Anna");
  await startBank();
  await core.reported(good);
  expect(core.trace(id)).toEqual([]);
  expect(lines().every(({ transactionId }) => transactionId === good)).toBe(true);
});

test("a claim that returns other content than it says is not booked", async () => {
  const id = core.offerPayment("Müller GmbH", "claim");
  const good = core.offerPayment("Anna");
  await startBank();
  await core.reported(good);
  expect(core.trace(id)).toEqual([`claim bank-${id} idempotent`]);
  expect(lines()).toHaveLength(2);
});

test("a kind that is no payment is left to the executor that it is for", async () => {
  const id = core.offerApproval();
  const good = core.offerPayment("Anna");
  await startBank();
  await core.reported(good);
  expect(core.trace(id)).toEqual([]);
  expect(lines().every(({ transactionId }) => transactionId === good)).toBe(true);
});

test("books no file twice, also over a restart, unless the user confirmed that it is a repeat", async () => {
  const digest = randomBytes(32);
  await startBank();
  const first = core.offerFile(digest, "Anna");
  await core.reported(first);
  await bank?.stop();
  await startBank();
  const again = core.offerFile(digest, "Anna");
  const other = core.offerFile(randomBytes(32), "Anna");
  await Promise.all([core.reported(again), core.reported(other)]);
  expect(core.trace(again)).toEqual([`claim bank-${again} idempotent`, "begin 1", "report FAILED 1"]);
  expect(core.detail(again)).toBe(
    `this file is booked already, ACME-${first.slice(-12).toUpperCase()}; if it is meant twice: --repeat ${first}`,
  );
  const meant = core.offerFile(digest, "Anna", true);
  await core.reported(meant);
  const booked = lines().filter(({ type }) => type === "transaction");
  expect(booked.map(({ transactionId }) => transactionId)).toEqual([first, other, meant]);
  // Told once more after its own repeat, the first one is still booked once and reported as what it was.
  core.offerAgain(first);
  await core.reported(first, 3);
  expect(core.trace(first).at(-1)).toBe("report EXECUTED 1");
});

test.each([1, 40, 90])("a ledger cut %i bytes before the end of its last transaction is mended at start", (cut) => {
  const booking = { payee: "A", account: "1", currency: "EUR", minorUnits: "1", references: [] };
  const first = Ledger.open(ledger);
  first.book("aa".repeat(16), "ada", [booking], "");
  const whole = readFileSync(ledger, "utf8");
  first.book("bb".repeat(16), "ada", [booking, booking], "");
  first.close();
  truncateSync(ledger, statSync(ledger).size - cut);
  const second = Ledger.open(ledger);
  expect(readFileSync(ledger, "utf8")).toBe(whole);
  expect(second.referenceOf("aa".repeat(16))).toBe("ACME-AAAAAAAAAAAA");
  expect(second.referenceOf("bb".repeat(16))).toBeUndefined();
  second.close();
});

test("a ledger that somebody else writes is not written, a spoilt one not opened", () => {
  const books = Ledger.open(ledger);
  appendFileSync(ledger, "spoilt\n");
  expect(() => books.book("aa".repeat(16), "ada", [], "")).toThrow("somebody else");
  books.close();
  expect(() => Ledger.open(ledger)).toThrow(`${ledger}:1`);
});
