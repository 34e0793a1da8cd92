import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { MAX_RECEIPT } from "@countersign/protocol";
import { refused } from "../cli-error.ts";

/** What stands at a path: the bytes of a receipt, one more at most than one can have. */
export type ReadReceipt =
  { readonly file: string; readonly json: Uint8Array } | { readonly file: string; readonly unread: string };

/** Every file that was named, and of a folder every `.json` file in it, by name: none is passed over in silence. */
export function receiptsAt(paths: readonly string[]): ReadReceipt[] {
  return paths.flatMap((path) => namesAt(path).map(readOne));
}

function namesAt(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  let names: string[];
  try {
    names = readdirSync(path).filter((name) => name.endsWith(".json"));
  } catch (error) {
    throw refused(`${path}: ${reasonOf(error)}`);
  }
  if (names.length === 0) throw refused(`${path}: holds no receipt; they are files that end in .json`);
  return names.toSorted().map((name) => join(path, name));
}

function readOne(file: string): ReadReceipt {
  let handle: number | undefined;
  try {
    handle = openSync(file, "r");
    const room = new Uint8Array(MAX_RECEIPT + 1);
    let length = 0;
    for (let more = -1; more !== 0 && length < room.length; length += more) {
      more = readSync(handle, room, length, room.length - length, null);
    }
    return { file, json: room.slice(0, length) };
  } catch (error) {
    return { file, unread: reasonOf(error) };
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
