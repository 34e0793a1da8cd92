// The rows that one Create left in the store of a running core, read from beside it: what P2's limit writes.
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
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

/** Rows that were added, the user's, whose body was replaced, entries of the audit. */
export interface RecordedRows {
  readonly added: readonly EntityRow[];
  readonly user: EntityRow;
  readonly audit: readonly string[];
}

/** Reads what `work` adds, and the user of that name, whose row it replaces. Nothing else may be written meanwhile. */
export async function recordRows(folder: string, userId: string, work: () => Promise<unknown>): Promise<RecordedRows> {
  const db = new DatabaseSync(join(folder, "data", DATABASE_FILE), { readOnly: true });
  try {
    const { number } = db.prepare("SELECT max(number) AS number FROM audit").get() as { number: number };
    await work();
    const added = db.prepare("SELECT * FROM entity WHERE row >= ?").all(rowOfWrite(number + 1, 0));
    const user = db.prepare("SELECT * FROM entity WHERE type = 'user' AND id = ?").get(userId);
    if (user === undefined) throw new Error(`${userId} is not in the store`);
    const audit = db.prepare("SELECT entry FROM audit WHERE number > ?").all(number);
    return { added: added.map(rowOf), user: rowOf(user), audit: audit.map(({ entry }) => String(entry)) };
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
