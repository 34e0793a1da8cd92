// What a core did to the files of its store, from the log of `strace -ttt -y -xx`, in order.
import { basename } from "node:path";
import { fromHex } from "@countersign/protocol";

/** One call that changes a file, or makes its changes durable. */
export type DiskCall = { readonly file: string; /** Unix milliseconds. */ readonly at: number } & (
  | { readonly type: "write"; readonly offset: number; readonly data: Uint8Array }
  | { readonly type: "truncate"; readonly length: number }
  | { readonly type: "sync" }
  | { readonly type: "unlink" }
);

/** Calls that such a log must hold. */
export const TRACED = ["pwrite64", "write", "fsync", "fdatasync", "ftruncate", "unlink", "rename"] as const;

// PID TIME CALL(FD<PATH>, …) = RESULT, paths and data as \xNN
const LINE = /^\d+ +(\d+\.\d+) (\w+)\((.*)\)\s+= (-?\d+)/;
const OF_FILE = /^(?:AT_FDCWD, )?(?:\d+<([^>]*)>|"([^"]*)")(?:\([^)]*\))?(?:, (.*))?$/;
const WRITTEN = /^"([^"]*)", (\d+), (\d+)$/;

/** Throws Error at a call that it does not understand: an image without it would be another disk. */
export function readTrace(log: string): DiskCall[] {
  return log.split("\n").flatMap((line) => {
    if (line === "" || / (---|\+\+\+) /.test(line)) return [];
    // The core was killed in it: nobody was told that it was done, and a disk without it is one that may be.
    if (/\)\s+= \?$/.test(line)) return [];
    const [, seconds = "", call = "", rest = "", result = ""] = LINE.exec(line) ?? [];
    if (call === "") throw new Error(`a line of the trace is not understood: ${line.slice(0, 200)}`);
    if (result.startsWith("-")) return []; // it failed, nothing happened
    const [, byFd, byName, more = ""] = OF_FILE.exec(rest) ?? [];
    const path = textOf(byFd ?? byName ?? "");
    const where = { file: basename(path), at: Number(seconds) * 1000 };
    return [callOf(call, more, where, line)];
  });
}

function callOf(call: string, more: string, where: { file: string; at: number }, line: string): DiskCall {
  switch (call) {
    case "fsync":
    case "fdatasync":
      return { ...where, type: "sync" };
    case "unlink":
      return { ...where, type: "unlink" };
    case "ftruncate":
      return { ...where, type: "truncate", length: Number(more) };
    case "pwrite64": {
      const [, data = "", length, offset] = WRITTEN.exec(more) ?? [];
      const bytes = fromHex(data.replaceAll("\\x", ""));
      if (bytes.length === Number(length)) return { ...where, type: "write", offset: Number(offset), data: bytes };
      throw new Error(`the trace cut a write short: ${line.slice(0, 200)}`);
    }
    default:
      throw new Error(`the store made a call that no image knows: ${line.slice(0, 200)}`);
  }
}

function textOf(escaped: string): string {
  return Buffer.from(escaped.replaceAll("\\x", ""), "hex").toString("utf8");
}
