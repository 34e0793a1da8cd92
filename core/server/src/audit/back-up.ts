// Copies the store of a data folder, also beside a core that works on it, and proves the copy.
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import type { MacKey } from "@countersign/protocol";
import { BUSY_MS, DATABASE_FILE, StoreFolderError } from "../store/sqlite-database.ts";
import { verifyAudit, type AuditReport } from "./verify-audit.ts";

/** A copy that holds, or what is wrong with it. */
export interface BackedUp extends AuditReport {
  /** A data folder: `serve --data` can start on it. */
  readonly folder: string;
  readonly bytes: number;
}

/** All of it in one step: one moment of the store, and one that commits meanwhile is not waited for. */
const ALL_PAGES = 2 ** 31 - 1;

/**
 * Makes `to` (0700), a data folder with the store as it is at one moment (0600). It appears whole, on the disk and
 * verified, or not at all; a copy that does not hold is kept beside it, so that it can be looked at. Throws
 * StoreFolderError where there is no store, or `to` exists.
 */
export async function backUp(data: string, to: string, macKey?: MacKey): Promise<BackedUp> {
  const source = join(data, DATABASE_FILE);
  if (!existsSync(source)) throw new StoreFolderError(`${source}: there is no store to back up; name the data folder`);
  const folder = resolve(to);
  if (existsSync(folder)) throw new StoreFolderError(`${folder} exists; a backup replaces nothing: name a new folder`);
  const made = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
  chmodSync(made, 0o700);
  try {
    await copy(source, join(made, DATABASE_FILE));
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    throw error;
  }
  const report = verifyAudit(made, macKey);
  for (const name of readdirSync(made)) if (name !== DATABASE_FILE) rmSync(join(made, name));
  const bytes = statSync(join(made, DATABASE_FILE)).size;
  if (!report.ok) return { ...report, folder: made, bytes };
  sync(made);
  renameSync(made, folder);
  sync(dirname(folder));
  return { ...report, folder, bytes };
}

async function copy(source: string, target: string): Promise<void> {
  closeSync(openSync(target, "wx", 0o600));
  const from = new DatabaseSync(source, { readOnly: true, timeout: BUSY_MS });
  try {
    await backup(from, target, { rate: ALL_PAGES });
  } finally {
    from.close();
  }
  sync(target);
}

function sync(path: string): void {
  const handle = openSync(path, "r");
  fsyncSync(handle);
  closeSync(handle);
}
