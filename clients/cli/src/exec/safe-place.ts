import { lstatSync, readlinkSync, type BigIntStats } from "node:fs";
import { resolve } from "node:path";
import { isOurs, mayOthersWrite } from "./held-file.ts";

const MOST_LINKS = 40;
const STICKY = 0o1000n;

/**
 * Whether only root and this user can decide what this path leads to: every folder and link on the way, and the file. Then
 * its name is as good as a descriptor of it.
 */
export function isSafePlace(path: string): boolean {
  let parts = path.split("/").filter(Boolean);
  let at = "/";
  if (!isSafeFolder(statusOf(at))) return false;
  for (let links = 0; parts.length > 0;) {
    const [part = "", ...rest] = parts;
    const next = resolve(at, part);
    const status = statusOf(next);
    if (status.isSymbolicLink()) {
      links += 1;
      if (links > MOST_LINKS || !isOurs(status.uid)) return false;
      parts = [...resolve(at, readlinkSync(next)).split("/").filter(Boolean), ...rest];
      at = "/";
      continue;
    }
    if (rest.length === 0) return !mayOthersWrite(status);
    if (!isSafeFolder(status)) return false;
    at = next;
    parts = rest;
  }
  return false;
}

function statusOf(path: string): BigIntStats {
  return lstatSync(path, { bigint: true });
}

/** In a sticky folder, such as /tmp, each entry is its owner's alone, and the entry is looked at next. */
function isSafeFolder(status: BigIntStats): boolean {
  if (!status.isDirectory() || !isOurs(status.uid)) return false;
  return !mayOthersWrite(status) || (status.mode & STICKY) !== 0n;
}
