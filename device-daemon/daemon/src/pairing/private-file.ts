import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** What pairing keeps cannot be kept, or what is kept cannot be trusted. The message says where and what to do. */
export class PairingFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PairingFileError";
  }
}

/** Makes the folder 0700. Throws PairingFileError where there is one that is not private. */
export function openPrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  refuseOpen(folder, 0o700);
}

/** A JSON object in a file of the user's own (0600), replaced whole. */
export class PrivateFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Its members: none when it holds something else, undefined where there is no file. Throws PairingFileError. */
  read(): Readonly<Record<string, unknown>> | undefined {
    if (lstatSync(this.path, { throwIfNoEntry: false }) === undefined) return undefined;
    refuseOpen(this.path, 0o600);
    try {
      return (JSON.parse(readFileSync(this.path, "utf8")) ?? {}) as Readonly<Record<string, unknown>>;
    } catch {
      return {};
    }
  }

  /** It is on the disk, name and all, when this returns. */
  write(members: object): void {
    const next = `${this.path}.${randomBytes(6).toString("hex")}`;
    const file = openSync(next, "wx", 0o600);
    try {
      writeSync(file, `${JSON.stringify(members, null, 2)}\n`);
      fsyncSync(file);
      closeSync(file);
      renameSync(next, this.path);
    } catch (cause) {
      rmSync(next, { force: true });
      throw cause;
    }
    const folder = openSync(dirname(this.path), "r");
    fsyncSync(folder);
    closeSync(folder);
  }

  refuse(why: string): never {
    throw new PairingFileError(`${this.path} ${why}`);
  }
}

function refuseOpen(path: string, mode: number): void {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) throw new PairingFileError(`${path} must not be a link`);
  if (found.uid !== process.getuid?.()) throw new PairingFileError(`${path} belongs to uid ${found.uid}, not to you`);
  if ((found.mode & 0o777 & ~mode) !== 0) {
    throw new PairingFileError(`${path} is open to other users; close it: chmod ${mode.toString(8)} ${path}`);
  }
}
