import { spawnSync } from "node:child_process";
import { closeSync, constants, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import * as v from "valibot";
import { oneLine, oneWord } from "./plain-text.ts";

/** Of syslog, facility `auth`. */
export type Severity = "info" | "notice" | "warning";

/** One use of break-glass, as the file keeps it. */
export interface GlassUse {
  readonly at: string;
  readonly user: string;
  readonly service: string;
  readonly tty: string;
  readonly remote: string;
  /** What the token was called when it was made. */
  readonly token: string;
}

/** Writes to syslog. False when it was not taken: there may be none. */
export function toSyslog(severity: Severity, text: string, socket: string | undefined): boolean {
  const to = socket === undefined ? [] : ["--socket", socket];
  const args = [
    "--priority",
    `auth.${severity}`,
    "--tag",
    "countersign-pam",
    "--socket-errors=on",
    ...to,
    "--",
    oneLine(text),
  ];
  return spawnSync("/usr/bin/logger", args, { stdio: "ignore", timeout: 5_000 }).status === 0;
}

/** Appends a line to the file of uses and waits for the disk. False when it could not. */
export function toFile(use: GlassUse, path: string): boolean {
  try {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = openSync(path, flags, 0o600);
    try {
      const line = Buffer.from(`${JSON.stringify(use)}\n`);
      if (writeSync(file, line) < line.length) return false;
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return true;
  } catch {
    return false;
  }
}

/** What a warning tells of a use. */
const TOLD = v.pipe(v.string(), v.parseJson(), v.object({ at: v.string(), user: v.string(), service: v.string() }));

/** The warning that everybody sees until an administrator has put the file away; undefined when there is nothing to say. */
export function warningOf(path: string): string | undefined {
  let uses: string[];
  try {
    uses = readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return `WARNING: ${path}, where uses of break-glass are kept, cannot be read`;
  }
  const last = uses.at(-1);
  if (last === undefined) return undefined;
  const times = uses.length === 1 ? "once" : `${uses.length} times`;
  const told = v.safeParse(TOLD, last);
  // A line that a full disk or a power cut has torn keeps nobody out.
  if (!told.success) return `WARNING: break-glass was used ${times}; the last line cannot be read. See ${path}`;
  const { at, user, service } = told.output;
  return `WARNING: break-glass was used ${times}, last ${oneWord(at)} by ${oneWord(user)} through ${oneWord(service)}. See ${path}`;
}
