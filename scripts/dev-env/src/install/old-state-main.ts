// Makes the fixture of an earlier schema with the core of an earlier commit; scripts/upgrade-fixture prepares and calls it.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Label } from "@countersign/proto/node/core/v1/content";
import { ExecutionOutcome } from "@countersign/proto/node/core/v1/execution_service";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { fromSource, launchBy } from "@countersign/testing/child";
import { startInstallation, type Installation } from "../installation.ts";
import { newPayment } from "../new-payment.ts";
import { connect, type Parts } from "../parts.ts";
import { SoftKey } from "../scenarios/soft-key.ts";
import { LARGE, PEOPLE, phonesIn, POLICY, type OldState } from "./old-state.ts";
import { SoftPeople } from "./soft-people.ts";

const [old, commit, target] = process.argv.slice(2);
if (old === undefined || commit === undefined || target === undefined)
  throw new Error("usage: OLD COMMIT TARGET.tar.gz");

launchBy((entry, args) => ({ ...fromSource(entry, args), cwd: old }));
const folder = mkdtempSync(join(tmpdir(), "countersign-old-"));
try {
  const installation = await startInstallation({ folder, mode: "A", policy: POLICY });
  const state = await stateOf(installation, commit);
  const kept = join(folder, "kept");
  for (const name of ["data", "secrets", "tokens"]) cpSync(join(folder, name), join(kept, name), { recursive: true });
  writeFileSync(join(kept, "state.json"), `${JSON.stringify(state, null, 2)}\n`);
  const schema = schemaOf(join(kept, "data/countersign.db"));
  if (schema !== state.schema) throw new Error(`the core of ${commit} writes schema ${schema}`);
  execFileSync("tar", [
    "-czf",
    target,
    "--sort=name",
    "--mode=go=",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "-C",
    kept,
    ".",
  ]);
  console.log(`${target}: schema ${schema}, left at ${new Date(state.leftAt).toISOString()}`);
} finally {
  rmSync(folder, { recursive: true });
}

function schemaOf(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  db.close();
  return version;
}

async function leaveOpen(installation: Installation, parts: Parts, made: string): Promise<OldState> {
  const bank = installation.children.find(({ process }) => process.spawnargs.includes("examples/bank/src/main.ts"));
  await bank?.stop();
  const people = new SoftPeople(parts, phonesIn(installation));
  const keys = { clerk: new SoftKey(), treasurer: new SoftKey(), director: new SoftKey() };
  for (const userId of PEOPLE) await people.join({ userId, key: keys[userId] });
  // Another one asks where the clerk has asked often: a user is prompted so many times a minute.
  const confirm = async (payment: Transaction, who: (typeof PEOPLE)[number]): Promise<void> => {
    await people.approve(payment, keys[who], await people.codeOf(payment, who));
  };
  const confirmed = async (who: (typeof PEOPLE)[number]): Promise<Transaction> => {
    const payment = await newPayment(parts, who);
    await confirm(payment, who);
    return payment;
  };
  const executed = await confirmed("treasurer");
  const executedFence = await begin(parts, executed);
  await parts.execution.report({
    ...{ transactionId: executed.transactionId, fence: executedFence, outcome: ExecutionOutcome.EXECUTED },
    detail: "",
  });
  const executing = await confirmed("treasurer");
  const executingFence = await begin(parts, executing);
  const ready = await confirmed("director");
  const large = await newPayment(parts, "clerk", { fields: largeFields() });
  await confirm(large, "clerk");
  const { transaction: approval } = await parts.transactions.beginApproval({
    ...{ requestId: "approval", transactionId: large.transactionId, userId: "treasurer" },
  });
  if (approval === undefined) throw new Error("there is nothing to approve");
  await confirm(approval, "treasurer");
  const pending = await newPayment(parts, "clerk");
  const code = await people.codeOf(pending, "clerk");
  await installation.bot().process.stop();
  const unsent = await newPayment(parts, "director");
  await installation.core().stop();
  return {
    ...{ commit: made, schema: 1, leftAt: Date.now() },
    keys: { clerk: keys.clerk.save(), treasurer: keys.treasurer.save(), director: keys.director.save() },
    pending: { id: pending.transactionId, code },
    ...{ unsent: unsent.transactionId, partial: large.transactionId, confirmed: ready.transactionId },
    executing: { id: executing.transactionId, fence: String(executingFence) },
    executed: { id: executed.transactionId, fence: String(executedFence) },
  };
}

const text = (label: Label, value: string) => ({ label, value: { $case: "text" as const, value } });

async function stateOf(installation: Installation, made: string): Promise<OldState> {
  const parts = connect(installation);
  try {
    return await leaveOpen(installation, parts, made);
  } finally {
    parts.close();
    await installation.stop();
  }
}

function largeFields() {
  const iban = { id: { $case: "iban" as const, value: "DE02120300000000202051" } };
  return [
    { label: Label.AMOUNT, value: { $case: "amount" as const, value: { currency: "EUR", minorUnits: LARGE } } },
    text(Label.TO, "Blumen Krause"),
    { label: Label.ACCOUNT, value: { $case: "account" as const, value: iban } },
    text(Label.REFERENCE, "A greenhouse"),
  ];
}

/** Claims and begins; the fence of the lease. */
async function begin(parts: Parts, { transactionId, txDigest }: Transaction): Promise<bigint> {
  const claiming = { transactionId, txDigest, claimId: "old-bank", idempotent: true };
  const { lease } = await parts.execution.claim({ ...claiming, lease: { seconds: 60n, nanos: 0 } });
  const fence = lease?.fence ?? 0n;
  await parts.execution.begin({ transactionId, fence });
  return fence;
}
