// Names of users, in the order of names: also of those from before there was a list of them.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { HexId } from "../store/entity.ts";
import type { OpenFile } from "./follower.ts";

export interface UserFilter {
  readonly tenantId: HexId;
  readonly prefix: string;
  /** undefined: any. */
  readonly state: string | undefined;
}

const CHUNK = 1000;

/** Those behind `after`; "": all. */
export async function* findUsers(
  { db, writer }: Pick<OpenFile, "db" | "writer">,
  { tenantId, prefix, state }: UserFilter,
  after: string,
): AsyncGenerator<string, void> {
  const tenant = writer.words.find(tenantId);
  if (tenant === undefined) return;
  const statement = db.prepare(
    "SELECT id, state FROM user WHERE tenant = ? AND id > ? AND id >= ? AND id < ? ORDER BY id LIMIT ?",
  );
  for (let last = after; ;) {
    const rows = statement.all(tenant, last, prefix, `${prefix}\u{10ffff}`, CHUNK);
    for (const row of rows) if (state === undefined || row["state"] === state) yield String(row["id"]);
    if (rows.length < CHUNK) return;
    last = String(rows.at(-1)?.["id"]);
    await nextTurn();
  }
}
