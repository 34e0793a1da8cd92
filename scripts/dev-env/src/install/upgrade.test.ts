// From the schema before to this one with transactions open: docs/how-to/upgrade.md. The fixture is of scripts/upgrade-fixture.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { State } from "@countersign/proto/node/core/v1/content";
import { ExecutionOutcome } from "@countersign/proto/node/core/v1/execution_service";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { tempFolder, testWith } from "@countersign/testing";
import { fromSource, launchBy, runOnce, startChild } from "@countersign/testing/child";
import { startInstallation, type Installation } from "../installation.ts";
import { newPayment } from "../new-payment.ts";
import { connect, type Parts } from "../parts.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { reasonOf } from "../scenarios/error-info.ts";
import { SoftKey } from "../scenarios/soft-key.ts";
import { PEOPLE, phonesIn, type OldState } from "./old-state.ts";
import { SoftPeople } from "./soft-people.ts";

const LIBFAKETIME = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));
const CORE = "core/server/src/main.ts";

const folder = tempFolder();
const home = join(folder, "home");
let old: OldState;
let installation: Installation;
let parts: Parts;
let people: SoftPeople;
let keys: Record<(typeof PEOPLE)[number], SoftKey>;

const unpack = (to: string): OldState => {
  mkdirSync(to);
  execFileSync("tar", ["-xzf", join(import.meta.dirname, "schema-1.tar.gz"), "-C", to]);
  return JSON.parse(readFileSync(join(to, "state.json"), "utf8")) as OldState;
};
const schemaIn = (of: string): unknown => {
  const db = new DatabaseSync(join(of, "data/countersign.db"), { readOnly: true });
  try {
    return db.prepare("PRAGMA user_version").get()?.["user_version"];
  } finally {
    db.close();
  }
};

/** The fake of Telegram is a new one: it lets a bot write to those alone who wrote first, as they did to the earlier one. */
async function writeFirst(port: number): Promise<number> {
  for (const url of Object.values(phonesIn({ phoneOf: (chat) => `http://127.0.0.1:${port}/phone/${chat}` }))) {
    await new PhoneInHand(url).send("/help");
  }
  return port;
}

beforeAll(async () => {
  old = unpack(home);
  if (LIBFAKETIME === undefined) return;
  // What was left open is still open at that moment alone.
  const lived = Date.now();
  launchBy((entry, args) => {
    const way = fromSource(entry, args);
    const at = (old.leftAt + 1000 + Date.now() - lived) / 1000;
    return { ...way, env: { ...way.env, LD_PRELOAD: LIBFAKETIME, FAKETIME: faketimeAt(at), DONT_FAKE_MONOTONIC: "1" } };
  });
  if (schemaIn(home) !== 1) throw new Error("the fixture has another schema");
  installation = await startInstallation({ folder: home, mode: "A", between: writeFirst });
  parts = connect(installation);
  people = new SoftPeople(parts, phonesIn(installation));
  keys = {
    clerk: new SoftKey(old.keys.clerk),
    treasurer: new SoftKey(old.keys.treasurer),
    director: new SoftKey(old.keys.director),
  };
}, 300_000);
afterAll(async () => {
  parts?.close();
  await installation?.stop();
  launchBy(fromSource);
});

/** As an offset, for a process that asks the time before the library is there must not see another one afterwards. */
const faketimeAt = (seconds: number): string => `${Math.round(seconds - Date.now() / 1000)}s`;

const get = async (transactionId: string): Promise<Transaction> => {
  const { transaction } = await parts.transactions.get({ transactionId });
  if (transaction === undefined) throw new Error(`${transactionId} is gone`);
  return transaction;
};
const reached = async (transactionId: string, state: State): Promise<State> => {
  for await (const { transaction } of parts.transactions.watch({ transactionId, cursor: "" })) {
    if (transaction?.state === state) return state;
  }
  return (await get(transactionId)).state;
};
const bookings = (id: string): number => {
  const lines = existsSync(installation.ledgerFile) ? readFileSync(installation.ledgerFile, "utf8").split("\n") : [];
  return lines.filter((line) => line.includes(id) && line.includes('"transaction"')).length;
};
const peerTest = testWith("faketime", LIBFAKETIME !== undefined);

peerTest("the store has the schema of now, and what was executed stays so", async () => {
  expect(schemaIn(home)).toBe(2);
  expect((await get(old.executed.id)).state).toBe(State.EXECUTED);
  const { executed } = old;
  const again = { transactionId: executed.id, fence: BigInt(executed.fence), detail: "" };
  expect(await reasonOf(parts.execution.report({ ...again, outcome: ExecutionOutcome.FAILED }))).not.toBe("OK");
});

peerTest("CONFIRMED: the bank gets it and books it once", async () => {
  expect(await reached(old.confirmed, State.EXECUTED)).toBe(State.EXECUTED);
  expect(bookings(old.confirmed)).toBe(1);
});

peerTest("EXECUTING: its lease goes on; reported once, and nobody else is offered it", async () => {
  const { id, fence } = old.executing;
  expect((await get(id)).state).toBe(State.EXECUTING);
  const claim = parts.execution.claim({
    ...{ transactionId: id, txDigest: (await get(id)).txDigest, claimId: "another", idempotent: true },
    lease: { seconds: 40n, nanos: 0 },
  });
  expect(await reasonOf(claim)).not.toBe("OK");
  const report = { transactionId: id, fence: BigInt(fence), outcome: ExecutionOutcome.EXECUTED, detail: "" };
  await parts.execution.report(report);
  expect((await parts.execution.report(report)).state).toBe(State.EXECUTED);
  expect(bookings(id)).toBe(0);
});

peerTest("PENDING: the code that the earlier core sent confirms it", async () => {
  const { id, code } = old.pending;
  const pending = await get(id);
  expect(pending.state).toBe(State.PENDING);
  await people.approve(pending, keys.clerk, code);
  expect(await reached(id, State.EXECUTED)).toBe(State.EXECUTED);
  expect(bookings(id)).toBe(1);
});

peerTest("PENDING, its message never sent: the bot sends it now", async () => {
  const unsent = await get(old.unsent);
  await people.approve(unsent, keys.director, await people.codeOf(unsent, "director"));
  expect(await reached(old.unsent, State.EXECUTED)).toBe(State.EXECUTED);
  expect(bookings(old.unsent)).toBe(1);
});

peerTest("PARTIAL: the approval that was given counts, the missing one completes it", async () => {
  expect((await get(old.partial)).state).toBe(State.PARTIAL);
  const { transaction } = await parts.transactions.beginApproval({
    ...{ requestId: "second", transactionId: old.partial, userId: "director" },
  });
  if (transaction === undefined) throw new Error("there is nothing to approve");
  await people.approve(transaction, keys.director, await people.codeOf(transaction, "director"));
  expect(await reached(old.partial, State.EXECUTED)).toBe(State.EXECUTED);
  expect(bookings(old.partial)).toBe(1);
});

peerTest("keys, links and tokens serve as before: a new payment goes through", async () => {
  const payment = await newPayment(parts, "treasurer");
  await people.approve(payment, keys.treasurer, await people.codeOf(payment, "treasurer"));
  expect(await reached(payment.transactionId, State.EXECUTED)).toBe(State.EXECUTED);
});

peerTest("the audit holds over the boundary, with every entity under it", async () => {
  await installation.stop();
  const places = ["--data", join(home, "data"), "--secrets", join(home, "secrets")];
  expect(JSON.parse(await runOnce(CORE, ["verify-audit", ...places]))).toMatchObject({ ok: true, findings: [] });
});

test("a store of a newer version is refused, saying what to run, and stays as it is", async () => {
  const newer = join(folder, "newer");
  unpack(newer);
  const db = new DatabaseSync(join(newer, "data/countersign.db"));
  db.exec("PRAGMA user_version = 3");
  db.close();
  const places = ["--data", join(newer, "data"), "--secrets", join(newer, "secrets"), "--listen", "127.0.0.1:0"];
  await expect(startChild(CORE, ["serve", ...places])).rejects.toThrow(
    /has schema 3, this version of Countersign reads 2; run the version that wrote it, or a newer one/,
  );
  expect(schemaIn(newer)).toBe(3);
});
