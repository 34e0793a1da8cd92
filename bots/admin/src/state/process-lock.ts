import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/**
 * One process for one state folder: two would tell every alert twice. SQLite's own lock on an empty database, held by an
 * open transaction, so that the operating system takes it away from a process that was killed.
 */
export class ProcessLock {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Throws while another process holds it. */
  static take(path: string): ProcessLock {
    closeSync(openSync(path, "a", 0o600));
    const db = new DatabaseSync(path, { timeout: 0 });
    try {
      db.exec("BEGIN EXCLUSIVE");
    } catch {
      db.close();
      throw new Error(`another process uses ${path}: stop it first, or give this bot a "state" folder of its own`);
    }
    return new ProcessLock(db);
  }

  release(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
