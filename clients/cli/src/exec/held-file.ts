import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
  type BigIntStats,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refused } from "../cli-error.ts";

/** So much of a file decides whether it is a script: what Linux looks at. */
const HEAD = 256;

const CHUNK = 1 << 20;

/** A file that was opened once. Whatever its name means later, this is what was hashed. */
export interface HeldFile {
  readonly path: string;
  /** What runs: the file itself, or a copy without a name where others may write the file. */
  readonly fd: number;
  readonly sha256: Uint8Array;
  /** Its first bytes. */
  readonly head: Buffer;
  close(): void;
}

/** Opens and hashes a program. Throws a CliError when it is none that this user can read. */
export function holdFile(path: string): HeldFile {
  const original = openProgram(path);
  try {
    const status = fstatSync(original, { bigint: true });
    if (!status.isFile()) throw refused(`${path}: is no file`);
    if ((status.mode & 0o111n) === 0n) throw refused(`${path}: is not executable`);
    const copy = mayOthersWrite(status) ? nameless() : undefined;
    const { sha256, head } = readThrough(original, copy?.write);
    if (copy === undefined) return { path, fd: original, sha256, head, close: () => closeSync(original) };
    closeSync(copy.write);
    closeSync(original);
    return { path, fd: copy.read, sha256, head, close: () => closeSync(copy.read) };
  } catch (error) {
    closeSync(original);
    throw error;
  }
}

/** SHA-256 of what is held now. */
export function hashHeld({ fd }: HeldFile): Uint8Array {
  return readThrough(fd, undefined).sha256;
}

/** Whether somebody beside root and this user may write it. */
export function mayOthersWrite({ uid, mode }: Pick<BigIntStats, "uid" | "mode">): boolean {
  return (mode & 0o022n) !== 0n || !isOurs(uid);
}

/** Root's, or this user's. */
export function isOurs(uid: bigint): boolean {
  return uid === 0n || uid === BigInt(process.geteuid?.() ?? -1);
}

function openProgram(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe in its place would wait for a writer
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw refused(`${path}: there is no such program`);
    if (code === "EACCES") {
      throw refused(`${path}: may not be read by this user, so nobody can confirm what it is`);
    }
    throw error;
  }
}

/** A file in a folder of our own that has lost its name: only who is this user already could reach it. */
function nameless(): { readonly read: number; readonly write: number } {
  const folder = mkdtempSync(join(tmpdir(), "countersign-exec-"));
  try {
    const path = join(folder, "program");
    const write = openSync(path, "wx", 0o500);
    return { write, read: openSync(path, "r") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Hashes from the first byte to the last, and copies on the way what is hashed. */
function readThrough(fd: number, copy: number | undefined): Pick<HeldFile, "sha256" | "head"> {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK);
  let head: Buffer | undefined;
  for (let at = 0; ;) {
    const length = readSync(fd, chunk, 0, CHUNK, at);
    const bytes = chunk.subarray(0, length);
    head ??= Buffer.from(bytes.subarray(0, HEAD));
    if (length === 0) return { sha256: Uint8Array.from(hash.digest()), head };
    hash.update(bytes);
    if (copy !== undefined) writeAll(copy, bytes);
    at += length;
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
}
