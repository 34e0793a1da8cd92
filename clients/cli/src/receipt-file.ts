import { renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Keeps a receipt as `receipt-7F3A-91C2.json` in the folder, readable by its owner; returns the name to type again. */
export function saveReceipt(folder: string, name: string, json: Uint8Array): string {
  const path = join(folder, `receipt-${name}.json`);
  const next = `${path}.new`;
  writeFileSync(next, json, { mode: 0o600 });
  renameSync(next, path);
  return folder === "." ? basename(path) : path;
}
