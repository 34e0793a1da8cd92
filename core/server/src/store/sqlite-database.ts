// Opens the database of a data folder: alone, durable, with the schema this version knows. docs/protocol/store.md section 5.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Buggify } from "./crash-point.ts";
import {
  APPLICATION_ID,
  OLDER_SCHEMAS,
  prepareStatements,
  SCHEMA,
  SCHEMA_VERSION,
  type Statements,
} from "./sqlite-schema.ts";
import { IntegrityError } from "./store.ts";

/** Name of the database inside the data folder; SQLite adds "-wal" and "-shm" beside it. */
export const DATABASE_FILE = "countersign.db";
const LOCK_FILE = "owner.lock";
/**
 * How long the database is waited for, in milliseconds. The core is the only one who writes; but a reader that meets a
 * torn index of the log, or the log of a core that was killed, has the lock of who writes for as long as it mends that.
 */
export const BUSY_MS = 10_000;

/** The data folder cannot be used: another process owns it, or another version wrote it. The message says what to do. */
export class StoreFolderError extends Error {
  override readonly name = "StoreFolderError";
}

/** An open database that this process owns. */
export interface OwnedDatabase {
  readonly db: DatabaseSync;
  readonly statements: Statements;
  close(): void;
}

/** Creates folder (0700) and files (0600) where absent; refuses a folder that a living process owns. */
export function openDatabase(folder: string, buggify: Buggify): OwnedDatabase {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const lock = lockFolder(folder);
  buggify("folder-locked");
  let db: DatabaseSync | undefined;
  try {
    const path = join(folder, DATABASE_FILE);
    createPrivately(path);
    db = new DatabaseSync(path, { timeout: BUSY_MS });
    configure(db);
    ensureSchema(db, path);
    buggify("schema-created");
    const open = db;
    return {
      db,
      statements: prepareStatements(db),
      close: () => {
        open.close();
        lock.close();
      },
    };
  } catch (error) {
    db?.close();
    lock.close();
    throw error;
  }
}

// A transaction on a database of its own that never ends: the operating system drops it with the process, however that
// ends, and the real database stays readable for backups and the verifier.
function lockFolder(folder: string): DatabaseSync {
  const path = join(folder, LOCK_FILE);
  createPrivately(path);
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;");
    return lock;
  } catch (error) {
    lock.close();
    if (sqliteCode(error) !== SQLITE_BUSY) throw error;
    throw new StoreFolderError(`${folder} is in use by another core; stop that one, or name another data folder`);
  }
}

function configure(db: DatabaseSync): void {
  db.exec("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;");
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;");
  const journal = db.prepare("PRAGMA journal_mode").get()?.["journal_mode"];
  const synchronous = db.prepare("PRAGMA synchronous").get()?.["synchronous"];
  if (journal !== "wal" || synchronous !== 2) {
    throw new StoreFolderError(
      `the database stays in journal mode ${String(journal)}, synchronous ${String(synchronous)}; durable commits need wal and 2 (FULL): is the folder on a network file system?`,
    );
  }
}

function ensureSchema(db: DatabaseSync, path: string): void {
  const version = db.prepare("PRAGMA user_version").get()?.["user_version"];
  const application = db.prepare("PRAGMA application_id").get()?.["application_id"];
  if (version === 0 && application === 0) {
    db.exec(
      `BEGIN IMMEDIATE; ${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`,
    );
    return;
  }
  if (application !== APPLICATION_ID) throw new StoreFolderError(`${path} is a database of another program`);
  if (version === SCHEMA_VERSION) {
    refuseForeignSchema(db, SCHEMA);
    return;
  }
  const older = OLDER_SCHEMAS[Number(version)];
  if (older === undefined) {
    throw new StoreFolderError(
      `${path} has schema ${String(version)}, this version of Countersign reads ${SCHEMA_VERSION}; run the version that wrote it, or a newer one`,
    );
  }
  refuseForeignSchema(db, older.schema);
  db.exec(`BEGIN IMMEDIATE; ${older.migration} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
}

// A trigger or a view planted in the file would act inside our own transactions.
function refuseForeignSchema(db: DatabaseSync, schema: string): void {
  const fresh = new DatabaseSync(":memory:");
  try {
    fresh.exec(schema);
    if (schemaOf(fresh) !== schemaOf(db))
      throw new IntegrityError("the store's tables were altered from outside; restore a backup");
  } finally {
    fresh.close();
  }
}

function schemaOf(db: DatabaseSync): string {
  return JSON.stringify(db.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").all());
}

function createPrivately(path: string): void {
  if (existsSync(path)) chmodSync(path, 0o600);
  else closeSync(openSync(path, "a", 0o600));
}

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const SQLITE_CONSTRAINT = 19;

/** What an error of SQLite means: a row in this change's way, a full disk that undoes its group, or a store in doubt. */
export function blameOf(error: unknown): "change" | "full" | "store" {
  const code = sqliteCode(error);
  if (code === SQLITE_FULL) return "full";
  return code === SQLITE_CONSTRAINT ? "change" : "store";
}

// By its members: the error may come from another realm than this module.
function sqliteCode(error: unknown): number | undefined {
  const code: unknown = typeof error === "object" && error !== null && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code & 0xff : undefined; // the primary code; the bits above it say more
}
