// A hundred at a time over real gRPC, on the durable store, beside the real bank: one of them wins.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { State } from "@countersign/proto/node/core/v1/content";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { effectsOf, StoreOnDisk } from "../crash/store-on-disk.ts";
import { readLedger, startInstallation, type Installation } from "../installation.ts";
import { newPayment } from "../new-payment.ts";
import { connect, type Parts } from "../parts.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";
import { reasonOf } from "./error-info.ts";
import { SoftKey } from "./soft-key.ts";

const RACERS = 100;
const USER = { userId: "racer", chatId: "8000" };
const key = new SoftKey();
const folder = tempFolder();
let installation: Installation;
let parts: Parts;
let phone: PhoneInHand;

beforeAll(async () => {
  installation = await startInstallation({ folder, mode: "A" });
  parts = connect(installation);
  phone = new PhoneInHand(installation.phoneOf(USER.chatId));
  await enrolAndLink();
}, 400_000);
afterAll(async () => {
  parts?.close();
  await installation?.stop();
});

test("check 04: 100 parallel submits of one right statement: confirmed once, each is told so, one ledger line", async () => {
  const payment = await newPayment(parts, USER.userId);
  const statement = key.approve(payment, await codeOf(payment));
  const answers = await Promise.all(racers(() => submit(payment, statement)));
  expect(tally(answers)).toEqual({ OK: RACERS });
  await executed(payment);
  expect(countOf(payment, "statement.counted", "statement.accepted")).toEqual([1, 1]);
  expect(booked(payment)).toBe(1);
}, 400_000);

test("check 04: 100 parallel submits of 100 right statements: confirmed once, the others come too late", async () => {
  const payment = await newPayment(parts, USER.userId);
  const code = await codeOf(payment);
  const statements = racers(() => key.approve(payment, code));
  const answers = await Promise.all(statements.map((statement) => submit(payment, statement)));
  const { OK, ...others } = tally(answers);
  expect(OK).toBe(1);
  // Who finds all tries in use is told to ask again.
  expect(Object.keys(others).filter((reason) => !TOO_LATE.includes(reason))).toEqual([]);
  await executed(payment);
  const again = await Promise.all(statements.map((statement) => submit(payment, statement)));
  expect(tally(again)).toMatchObject({ OK: 1 });
  expect(tally(again)["RATE_LIMITED"]).toBeUndefined();
  expect(countOf(payment, "statement.accepted")).toEqual([1]);
  expect(booked(payment)).toBe(1);
}, 400_000);

test("check 14: 100 parallel claims: one lease; when it lapses unused the bank takes it and books one line", async () => {
  const payment = await newPayment(parts, USER.userId);
  const statement = key.approve(payment, await codeOf(payment));
  const bank = bankOf(installation);
  bank.kill("SIGSTOP");
  try {
    await submit(payment, statement);
    const fences = await Promise.all(racers((i) => claim(payment, `racer-${i}`)));
    expect(tally(fences)).toEqual({ "fence 1": 1, STATE_CONFLICT: RACERS - 1 });
    const winner = fences.indexOf("fence 1");
    const again = await Promise.all(racers(() => claim(payment, `racer-${winner}`)));
    expect(tally(again)).toEqual({ "fence 1": RACERS });
  } finally {
    bank.kill("SIGCONT");
  }
  await executed(payment);
  expect(countOf(payment, "execution.claimed", "execution.begun", "execution.reported")).toEqual([2, 1, 1]);
  expect(booked(payment)).toBe(1);
}, 400_000);

/** COUNTER_REGRESSION: so many came before it that its counter left the window. */
const TOO_LATE = ["STATE_CONFLICT", "RATE_LIMITED", "COUNTER_REGRESSION"];

function racers<T>(run: (i: number) => T): T[] {
  return Array.from({ length: RACERS }, (_, i) => run(i));
}

function tally(answers: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

function submit({ transactionId }: Transaction, signedStatement: Buffer): Promise<string> {
  return reasonOf(parts.verification.submitStatement({ transactionId, signedStatement }));
}

/** The fence of the lease, or why there is none. */
async function claim({ transactionId, txDigest }: Transaction, claimId: string): Promise<string> {
  const claiming = parts.execution.claim({
    ...{ transactionId, txDigest, claimId, idempotent: true },
    // Longer than two hundred claims take on a busy machine.
    lease: { seconds: 40n, nanos: 0 },
  });
  const reason = await reasonOf(claiming);
  return reason === "OK" ? `fence ${(await claiming).lease?.fence}` : reason;
}

async function codeOf({ tag }: Transaction): Promise<string> {
  const patience = AbortSignal.timeout(240_000);
  for (let version: number | undefined; ;) {
    const chat = await phone.look(version, patience);
    version = chat.version;
    const read = chat.messages.map(readMessage).find((message) => message?.tag === tag);
    if (read !== undefined) return read.code;
  }
}

async function executed({ transactionId }: Transaction): Promise<void> {
  for await (const { transaction } of parts.transactions.watch({ transactionId, cursor: "" })) {
    if (transaction?.state === State.EXECUTED) return;
  }
  throw new Error("the watch ended before the transaction was executed");
}

function countOf({ transactionId }: Transaction, ...effects: string[]): number[] {
  const trail = new StoreOnDisk(installation).trail();
  const its = trail.map((one) => ({
    ...one,
    events: one.events.filter(({ subject }) => subject === `transaction:${transactionId}`),
  }));
  return effects.map((effect) => effectsOf(its).filter((one) => one === effect).length);
}

function booked({ transactionId }: Transaction): number {
  return readLedger(installation).filter(
    (line) => line["type"] === "transaction" && line["transactionId"] === transactionId,
  ).length;
}

function bankOf({ children }: Installation): { kill(signal: NodeJS.Signals): unknown } {
  const bank = children.find(({ process }) => process.spawnargs.some((part) => part.startsWith("examples/bank/")));
  if (bank === undefined) throw new Error("there is no bank");
  return bank.process;
}

async function enrolAndLink(): Promise<void> {
  const { userId } = USER;
  await parts.users.create({ requestId: "user", userId, phrase: "blue teapot", locale: "en" });
  const begun = await parts.keys.beginEnrolment({ requestId: "key", userId, serial: key.serial, digits: false });
  await parts.keys.finishEnrolment({ enrolmentToken: begun.enrolmentToken, signedEnrolment: key.enrol(begun) });
  const link = await parts.links.beginLink({ requestId: "link", userId, platform: parts.platform, address: "" });
  await phone.send(`/start ${link.linkToken}`);
  for await (const { transaction } of parts.links.watchLink({ linkId: link.linkId, userId })) {
    if (transaction === undefined) continue;
    await submit(transaction, key.approve(transaction, await codeOf(transaction)));
  }
}
