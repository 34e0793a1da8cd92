// The rows that one Create left in the store of a running core, read from beside it: what P2's limit writes.
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { decodeEntry } from "../../core/server/src/audit/audit-entry.ts";
import { DATABASE_FILE } from "../../core/server/src/store/sqlite-database.ts";
import { rowOfWrite } from "../../core/server/src/store/sqlite-schema.ts";

/** A row of `entity`; bytes of the MAC are as good as any others. */
export interface EntityRow {
  readonly type: string;
  readonly tenant: string;
  readonly hasOwner: boolean;
  readonly sort: number | null;
  readonly due: number | null;
  readonly lane: string | null;
  readonly body: string;
}

/** Rows that were added, those whose body was replaced, entries of the audit. */
export interface RecordedRows {
  readonly added: readonly EntityRow[];
  readonly replaced: readonly EntityRow[];
  readonly audit: readonly string[];
}

/** Reads what `work` adds and replaces: the audit names it. Nothing else may be written meanwhile. */
export async function recordRows(folder: string, work: () => Promise<unknown>): Promise<RecordedRows> {
  const db = new DatabaseSync(join(folder, "data", DATABASE_FILE), { readOnly: true });
  try {
    const { number } = db.prepare("SELECT max(number) AS number FROM audit").get() as { number: number };
    await work();
    const added = db.prepare("SELECT * FROM entity WHERE row >= ?").all(rowOfWrite(number + 1, 0));
    const audit = db.prepare("SELECT entry FROM audit WHERE number > ?").all(number);
    const entries = audit.map(({ entry }) => String(entry));
    const isAdded = new Set(added.map(({ type, id }) => `${String(type)} ${String(id)}`));
    const named = entries.flatMap((entry) => decodeEntry(entry).versions);
    const select = db.prepare("SELECT * FROM entity WHERE type = ? AND tenant = ? AND id = ?");
    const replaced = named
      .filter(([type, , id]) => !isAdded.has(`${type} ${id}`))
      .map(([type, tenant, id]) => select.get(type, tenant, id))
      .filter((row) => row !== undefined);
    return { added: added.map(rowOf), replaced: replaced.map(rowOf), audit: entries };
  } finally {
    db.close();
  }
}

function rowOf(row: Readonly<Record<string, SQLOutputValue>>): EntityRow {
  const { type, tenant, owner, sort, due, lane, body } = row;
  return {
    ...{ type: String(type), tenant: String(tenant), hasOwner: owner !== null },
    ...{ sort: numberOf(sort), due: numberOf(due), lane: lane === null ? null : String(lane), body: String(body) },
  };
}

function numberOf(value: SQLOutputValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}
