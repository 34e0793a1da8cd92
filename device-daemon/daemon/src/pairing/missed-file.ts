import { join } from "node:path";
import { openPrivateFolder, PrivateFile } from "./private-file.ts";

/** Pairings of one origin that nobody confirmed. */
export interface Missed {
  readonly count: number;
  /** Milliseconds since 1970; matters once there were too many. */
  readonly lockedUntil: number;
}

/**
 * What was not confirmed, by origin, beside the pairings: a page must not get its tries back when the daemon starts
 * anew. Read each time, so that nothing of it lies in one process alone.
 */
export class MissedFile {
  readonly #file: PrivateFile;

  /** Throws PairingFileError where the folder is not private, or the file cannot be trusted. */
  constructor(folder: string) {
    openPrivateFolder(folder);
    this.#file = new PrivateFile(join(folder, "missed-pairings.json"));
    this.#read();
  }

  get(origin: string): Missed | undefined {
    return this.#read().find(([name]) => name === origin)?.[1];
  }

  /** Undefined forgets them. It is on the disk when this returns. */
  set(origin: string, missed: Missed | undefined): void {
    const held = this.#read();
    const others = held.filter(([name]) => name !== origin);
    if (missed === undefined && others.length === held.length) return;
    const all = missed === undefined ? others : [...others, [origin, missed] as const];
    this.#file.write({ version: 1, missed: Object.fromEntries(all) });
  }

  #read(): readonly (readonly [string, Missed])[] {
    const json = this.#file.read();
    if (json === undefined) return [];
    const { missed } = json;
    if (typeof missed !== "object" || missed === null || Array.isArray(missed)) return this.#spoilt();
    const rows = Object.entries(missed);
    return rows.every(isRow) ? rows : this.#spoilt();
  }

  #spoilt(): never {
    return this.#file.refuse("does not hold what pages were refused; remove it to give every page its tries again");
  }
}

function isRow(row: [string, unknown]): row is [string, Missed] {
  const { count, lockedUntil } = (row[1] ?? {}) as Readonly<Record<string, unknown>>;
  return Number.isSafeInteger(count) && Number.isSafeInteger(lockedUntil);
}
