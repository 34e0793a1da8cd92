import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "./store-error.ts";

/**
 * One process for one device: two with the same ratchets make messages that nobody can read. The lock is SQLite's own
 * lock on an empty database, held by an open transaction, so the operating system takes it away from a killed process.
 */
export class DeviceLock {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Throws StoreError ("in-use") while another process, or this one, holds the lock. */
  static take(path: string): DeviceLock {
    closeSync(openSync(path, "a", 0o600));
    const db = new DatabaseSync(path, { timeout: 0 });
    try {
      db.exec("BEGIN EXCLUSIVE");
    } catch {
      db.close();
      throw new StoreError(
        "in-use",
        `another process uses this device's store (${path}): stop it first, or give this bot a --store of its own`,
      );
    }
    return new DeviceLock(db);
  }

  /** Lets another process take it. */
  release(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
