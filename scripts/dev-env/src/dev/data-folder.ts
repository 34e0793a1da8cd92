import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newSerial } from "../desk.ts";

/** What a development installation keeps between two starts. */
export interface DataFolder {
  readonly folder: string;
  /** Kept by the person who named it; else removed at the end. */
  readonly isKept: boolean;
  /** Serial number of its key. */
  readonly serial: string;
  /** User, key and link were made in an earlier run. */
  readonly isSetUp: boolean;
  /** To be called once user, key and link are there. */
  finishSetUp(): void;
  /** Removes a folder that nobody named. */
  close(): void;
}

/** A folder that cannot be used; the message says why and what to do. */
export class DataFolderError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DataFolderError";
  }
}

/** Says that a folder is ours and how far it got: nothing else in a named folder may ever be removed by us. */
const MARK = "dev.json";

interface Mark {
  readonly serial: string;
  readonly isSetUp: boolean;
}

/** Opens the named folder, or a fresh one. A first start that did not come to its end is begun anew. */
export function openDataFolder(named: string | undefined): DataFolder {
  if (named === undefined) return fresh(mkdtempSync(join(tmpdir(), "countersign-dev-")), false);
  mkdirSync(named, { recursive: true, mode: 0o700 });
  const mark = readMark(named);
  if (mark?.isSetUp === true) return opened(named, true, mark);
  if (mark === undefined && readdirSync(named).length > 0) {
    throw new DataFolderError(`--data ${named}: holds something else; name an empty folder or a new one`);
  }
  for (const name of readdirSync(named)) rmSync(join(named, name), { recursive: true });
  return fresh(named, true);
}

function fresh(folder: string, isKept: boolean): DataFolder {
  const mark = { serial: newSerial(), isSetUp: false };
  writeMark(folder, mark);
  return opened(folder, isKept, mark);
}

function opened(folder: string, isKept: boolean, mark: Mark): DataFolder {
  return {
    folder,
    isKept,
    ...mark,
    finishSetUp: () => writeMark(folder, { ...mark, isSetUp: true }),
    close: () => {
      if (!isKept) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function readMark(folder: string): Mark | undefined {
  const path = join(folder, MARK);
  if (!existsSync(path)) return undefined;
  const { serial, isSetUp } = JSON.parse(readFileSync(path, "utf8")) as Partial<Mark>;
  if (typeof serial !== "string" || typeof isSetUp !== "boolean") {
    throw new DataFolderError(`${path}: is not what scripts/dev writes; name a new folder`);
  }
  return { serial, isSetUp };
}

function writeMark(folder: string, mark: Mark): void {
  writeFileSync(join(folder, MARK), `${JSON.stringify(mark)}\n`, { mode: 0o600 });
}
