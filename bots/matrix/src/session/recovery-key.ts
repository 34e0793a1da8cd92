import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { decodeRecoveryKey, encodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { refuseSharedFile } from "../crypto-store/store-folder.ts";
import { SetupRefused } from "./setup-refused.ts";

/** The key in the file, or undefined when there is no file. Throws when the file holds anything else. */
export function readRecoveryKey(path: string): Uint8Array<ArrayBuffer> | undefined {
  if (!existsSync(path)) return undefined;
  refuseSharedFile(path);
  try {
    return decodeRecoveryKey(readFileSync(path, "utf8").trim());
  } catch {
    throw new SetupRefused(
      `--recovery-key-file ${path} holds no Matrix recovery key: put back the file that the bot wrote at its first start`,
    );
  }
}

/** Draws a key and writes it (0600, durable when this returns). Throws when the file is there already. */
export function makeRecoveryKey(path: string): Uint8Array<ArrayBuffer> {
  if (existsSync(path)) throw new SetupRefused(`--recovery-key-file ${path} is there already: it is never replaced`);
  const key = Uint8Array.from(randomBytes(32));
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, "wx", 0o600);
  try {
    writeSync(file, `${encodeRecoveryKey(key)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return key;
}
