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
import { join } from "node:path";

/** A page that may use the keys. */
export interface Pairing {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly origin: string;
  /** SHA-256 of the token, in hexadecimal. */
  readonly tokenHash: string;
  /** ISO 8601. */
  readonly pairedAt: string;
}

/** The pairings cannot be kept, or what is kept cannot be trusted. The message says where and what to do. */
export class PairingFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PairingFileError";
  }
}

/** The pairings as they lie in the state folder: folder 0700, file 0600, both the user's own. */
export class PairingFile {
  readonly folder: string;
  readonly path: string;

  /** Throws PairingFileError where the folder is not private. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    refuseOpen(folder, 0o700);
    this.folder = folder;
    this.path = join(folder, "pairings.json");
  }

  /** All of them; none where there is no file yet. Throws PairingFileError. */
  read(): readonly Pairing[] {
    if (lstatSync(this.path, { throwIfNoEntry: false }) === undefined) return [];
    refuseOpen(this.path, 0o600);
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(this.path, "utf8"));
    } catch {
      json = undefined;
    }
    const { pairings } = (json ?? {}) as { pairings?: unknown };
    if (Array.isArray(pairings) && pairings.every(isPairing)) return pairings;
    throw new PairingFileError(`${this.path} does not hold pairings; remove it, and pair anew`);
  }

  /** Replaces all of them; they are on the disk when it returns. */
  write(pairings: readonly Pairing[]): void {
    const next = `${this.path}.${randomBytes(6).toString("hex")}`;
    const file = openSync(next, "wx", 0o600);
    try {
      writeSync(file, `${JSON.stringify({ version: 1, pairings }, null, 2)}\n`);
      fsyncSync(file);
      closeSync(file);
      renameSync(next, this.path);
    } catch (cause) {
      rmSync(next, { force: true });
      throw cause;
    }
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

function isPairing(value: unknown): value is Pairing {
  const { id, origin, tokenHash, pairedAt } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const texts = typeof origin === "string" && typeof pairedAt === "string";
  return texts && /^[0-9a-f]{16}$/.test(String(id)) && /^[0-9a-f]{64}$/.test(String(tokenHash));
}
