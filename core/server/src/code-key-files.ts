// The files of K_code in the secrets folder: `code.key` is number 1, `code-N.key` the others, `code-in-use` the number of
// the one for new transactions (absent: 1).
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { toHex } from "@countersign/protocol";

const IN_USE = "code-in-use";
const NUMBERED = /^code-([2-9]|[1-9][0-9]{1,8})\.key$/;

/** Which keys a folder has. */
export interface CodeKeyNumbers {
  /** Ascending. */
  readonly known: readonly number[];
  readonly inUse: number;
}

export function codeKeyFile(number: number): string {
  return number === 1 ? "code.key" : `code-${number}.key`;
}

/** Reads names alone. Throws when the one in use is named in no way that makes sense. */
export function codeKeyNumbers(folder: string): CodeKeyNumbers {
  const known = readdirSync(folder).flatMap((name) => {
    if (name === "code.key") return [1];
    const number = NUMBERED.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  const path = join(folder, IN_USE);
  const text = existsSync(path) ? readFileSync(path, "utf8").trim() : "1";
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new Error(`${path}: expected the number of a key`);
  return { known: known.toSorted((one, other) => one - other), inUse: Number(text) };
}

/** Half of the numbers that fit into a transaction's id: of the other half it is known that they are to come. */
const MOST_AT_A_TIME = 32;

/** A new key, which cores then know and do not use yet. Returns its number. Throws where older ones have to go first. */
export function addCodeKey(folder: string): number {
  const { known } = codeKeyNumbers(folder);
  const number = Math.max(...known) + 1;
  if (number - Math.min(...known) >= MOST_AT_A_TIME) {
    throw new Error(`${folder}: has keys of ${MOST_AT_A_TIME} numbers; retire the older ones first (--step retire)`);
  }
  writeDurably(folder, codeKeyFile(number), `${toHex(new Uint8Array(randomBytes(32)))}\n`);
  return number;
}

/** The newest key is the one for new transactions. */
export function useNewestCodeKey(folder: string): void {
  writeDurably(folder, IN_USE, `${Math.max(...codeKeyNumbers(folder).known)}\n`);
}

/** Removes all keys older than the one in use. Codes that are out under them are wrong from then on. */
export function retireCodeKeys(folder: string): void {
  const { known, inUse } = codeKeyNumbers(folder);
  for (const number of known) if (number < inUse) rmSync(join(folder, codeKeyFile(number)));
  syncFolder(folder);
}

function writeDurably(folder: string, name: string, text: string): void {
  const next = join(folder, `.${name}-${randomBytes(6).toString("hex")}`);
  const file = openSync(next, "wx", 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(next, join(folder, name));
  syncFolder(folder);
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}
