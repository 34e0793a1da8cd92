import { join } from "node:path";
import { openPrivateFolder, PrivateFile } from "./private-file.ts";

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

/** The pairings as they lie in the state folder: folder 0700, file 0600, both the user's own. */
export class PairingFile {
  readonly folder: string;
  readonly #file: PrivateFile;

  /** Throws PairingFileError where the folder is not private. */
  constructor(folder: string) {
    openPrivateFolder(folder);
    this.folder = folder;
    this.#file = new PrivateFile(join(folder, "pairings.json"));
  }

  /** All of them; none where there is no file yet. Throws PairingFileError. */
  read(): readonly Pairing[] {
    const json = this.#file.read();
    if (json === undefined) return [];
    const { pairings } = json;
    if (Array.isArray(pairings) && pairings.every(isPairing)) return pairings;
    return this.#file.refuse("does not hold pairings; remove it, and pair anew");
  }

  /** Replaces all of them; they are on the disk when it returns. */
  write(pairings: readonly Pairing[]): void {
    this.#file.write({ version: 1, pairings });
  }
}

function isPairing(value: unknown): value is Pairing {
  const { id, origin, tokenHash, pairedAt } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const texts = typeof origin === "string" && typeof pairedAt === "string";
  return texts && /^[0-9a-f]{16}$/.test(String(id)) && /^[0-9a-f]{64}$/.test(String(tokenHash));
}
