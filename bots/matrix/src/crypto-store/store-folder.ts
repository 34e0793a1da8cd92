import { chmodSync, mkdirSync, statSync, type Stats } from "node:fs";
import { StoreError } from "./store-error.ts";

/** Makes the folder (0700) if it is absent. Throws StoreError unless it belongs to this process's user alone. */
export function openStoreFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) chmodSync(folder, 0o700);
  const found = statSync(folder);
  if (!found.isDirectory()) throw new StoreError("unsafe-folder", `${folder} is not a folder`);
  refuseOthers(folder, found, "chmod 700");
}

/** Throws StoreError if anybody but this process's user may read or write the file. */
export function refuseSharedFile(path: string): void {
  const found = statSync(path);
  if (!found.isFile()) throw new StoreError("unsafe-folder", `${path} is not a regular file`);
  refuseOthers(path, found, "chmod 600");
}

function refuseOthers(path: string, found: Stats, repair: string): void {
  const me = process.getuid?.();
  if (me !== undefined && found.uid !== me) {
    throw new StoreError("unsafe-folder", `${path} belongs to user ${found.uid}, the bot runs as ${me}: chown it`);
  }
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw new StoreError("unsafe-folder", `${path} is open to other users (mode ${mode}): ${repair} ${path}`);
  }
}
