// The file of the administrators' index: derived, so that whatever is wrong with it is mended by throwing it away.
import { closeSync, openSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { INDEX_SCHEMA, INDEX_SQL, INDEX_VERSION, prepareIndex, type IndexStatements } from "./index-schema.ts";

/** Name of the index inside the data folder. */
export const INDEX_FILE = "admin-index.db";

/** An open index. */
export interface IndexFile {
  readonly db: DatabaseSync;
  readonly sql: IndexStatements;
  /** Keeps it for the next start. What is not closed so is built anew. */
  close(): void;
}

export interface IndexFileOptions {
  /** undefined: a file without a name, which the operating system drops with the process. */
  readonly path: string | undefined;
  /** Whose: the index of another installation is thrown away. */
  readonly serverId: string;
}

/**
 * Opens what an earlier core closed in order, else begins with an empty one. Nothing is flushed to the disk while it is
 * written, because the event loop that would wait is the payments'; so a file that was not closed is not believed.
 */
export function openIndex({ path, serverId }: IndexFileOptions): IndexFile {
  if (path === undefined) return createIndex("", serverId);
  return reopened(path, serverId) ?? createIndex(path, serverId);
}

function reopened(path: string, serverId: string): IndexFile | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: 0 });
    const meta = new Map(
      db
        .prepare("SELECT name, value FROM meta")
        .all()
        .map((row) => [row["name"], row["value"]]),
    );
    const fits = meta.get("version") === INDEX_VERSION && meta.get("server") === serverId;
    if (!fits || meta.get("closed") !== "yes") throw new Error("not one to go on with");
    // On the disk before anything else is written: what a power cut leaves of the rest is not believed then.
    db.exec("PRAGMA synchronous = FULL");
    db.prepare(INDEX_SQL.putMeta).run("closed", "no");
    configure(db);
    return opened(db);
  } catch {
    // Absent, damaged, another version's, or left by a core that was killed.
    db?.close();
    return undefined;
  }
}

function createIndex(path: string, serverId: string): IndexFile {
  if (path !== "") {
    for (const suffix of ["", "-journal"]) rmSync(`${path}${suffix}`, { force: true });
    closeSync(openSync(path, "wx", 0o600));
  }
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    configure(db);
    db.exec(INDEX_SCHEMA);
    const file = opened(db);
    file.sql.putMeta.run("version", INDEX_VERSION);
    file.sql.putMeta.run("server", serverId);
    file.sql.putMeta.run("closed", "no");
    return file;
  } catch (error) {
    db.close();
    throw error;
  }
}

function configure(db: DatabaseSync): void {
  db.exec("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;");
  // No journal on the disk: whatever goes wrong, and whoever is killed, the file is thrown away. (OFF is refused to a database
  // that node opened as it opens them: it stays as it was then, with a file.)
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;");
}

function opened(db: DatabaseSync): IndexFile {
  const sql = prepareIndex(db);
  const close = (): void => {
    try {
      // All of it is on the disk before it is said to be whole.
      db.exec("PRAGMA synchronous = FULL");
      for (const closed of ["soon", "yes"]) sql.putMeta.run("closed", closed);
    } catch {
      // The next start builds it anew.
    }
    db.close();
  };
  return { db, sql, close };
}
