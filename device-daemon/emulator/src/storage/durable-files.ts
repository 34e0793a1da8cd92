import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/** The few steps in which a file is replaced for good. Power may go before, within or after each of them. */
export interface DurableFiles {
  /** The whole file; undefined when there is none. */
  read(path: string): Uint8Array | undefined;
  /** Writes a file anew, readable by its owner alone, and flushes it: durable when this returns, torn when it does not. */
  writeFlushed(path: string, bytes: Uint8Array): void;
  /** One file takes another's place at once; durable with the next flushFolder. */
  rename(from: string, to: string): void;
  flushFolder(folder: string): void;
}

/** Those of this machine. */
export const nodeFiles: DurableFiles = {
  read: (path) => (existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined),
  writeFlushed: (path, bytes) => {
    const file = openSync(path, "w", 0o600);
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  },
  rename: renameSync,
  flushFolder: (folder) => {
    const directory = openSync(folder, "r");
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  },
};
