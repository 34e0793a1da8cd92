// What must be true of a data folder, whatever happened to the core: read on a copy, so that the next core recovers itself.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describeFinding, verifyAudit } from "../../core/server/src/audit/verify-audit.ts";
import { loadOrCreateSecrets, type Secrets } from "../../core/server/src/secrets.ts";
import { shardOfTransaction } from "../../core/server/src/store/entity.ts";
import { DATABASE_FILE } from "../../core/server/src/store/sqlite-database.ts";
import { openSqliteStore } from "../../core/server/src/store/sqlite-store.ts";
import type { Store } from "../../core/server/src/store/store.ts";
import { transactionKey } from "../../core/server/src/transaction/transaction-key.ts";
import type { Transaction } from "../../core/server/src/transaction/transaction.ts";
import { Ledger, rankOf, type Step } from "./ledger.ts";

/** Opens a copy of `data` as a core would and lists what is wrong with it. */
export async function judgeData(data: string, secrets: string, ledger: Ledger): Promise<string[]> {
  const copy = `${data}-judged`;
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  for (const file of [DATABASE_FILE, `${DATABASE_FILE}-wal`]) {
    if (existsSync(join(data, file))) cpSync(join(data, file), join(copy, file));
  }
  try {
    return await judgeFolder(copy, loadOrCreateSecrets(secrets, { create: false }), ledger.acknowledged, ledger);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** As judgeData, of a folder that nobody else needs. Opening it recovers it. */
export async function judgeFolder(
  folder: string,
  { store: macKey }: Pick<Secrets, "store">,
  acknowledged: ReadonlyMap<string, Step>,
  ledger: Ledger = new Ledger(),
): Promise<string[]> {
  const faults: string[] = [];
  try {
    const store = await openSqliteStore({ folder, macKey });
    try {
      for (const [txId, step] of acknowledged) faults.push(...(await judgeTransaction(store, txId, step)));
    } finally {
      await store.close();
    }
    faults.push(...verifyAudit(folder, macKey).findings.map(describeFinding), ...checkFile(folder));
  } catch (error) {
    faults.push(`the store does not open: ${String(error)}`);
  }
  return [...faults, ...ledger.executions.double.map((txId) => `${txId} was carried out twice`)];
}

async function judgeTransaction(store: Store, txId: string, step: Step): Promise<string[]> {
  const { entities } = await store.load(shardOfTransaction(txId), transactionKey(txId));
  const { body } = entities[0];
  if (body === undefined) return [`${txId} was acknowledged as ${step} and is gone`];
  const reached = stepOf(body);
  if (rankOf(reached) >= rankOf(step)) return [];
  return [`${txId} was acknowledged as ${step} and stands at ${reached} (${body.state})`];
}

function stepOf(transaction: Transaction): Step {
  const { state } = transaction;
  if (state === "EXECUTING") return transaction.begun ? "begun" : "claimed";
  return REACHED[state] ?? "created";
}

const REACHED: Partial<Record<Transaction["state"], Step>> = {
  CONFIRMED: "confirmed",
  EXECUTED: "executed",
  EXECUTION_FAILED: "begun",
  EXECUTION_UNKNOWN: "begun",
};

function checkFile(folder: string): string[] {
  const db = new DatabaseSync(join(folder, DATABASE_FILE), { readOnly: true });
  try {
    const integrity = String(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"]);
    return integrity === "ok" ? [] : [`SQLite says ${integrity}`];
  } finally {
    db.close();
  }
}

/** Statements whose code was counted and not judged yet. */
export function openCompares(data: string): number {
  const db = new DatabaseSync(join(data, DATABASE_FILE), { readOnly: true, timeout: 60_000 });
  try {
    const rows = db.prepare("SELECT body FROM entity WHERE type = 'judged'").all();
    return rows.filter(({ body }) => !("verdict" in (JSON.parse(String(body)) as object))).length;
  } finally {
    db.close();
  }
}
