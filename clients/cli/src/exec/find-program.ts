import { realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { refused } from "../cli-error.ts";
import { holdFile, type HeldFile } from "./held-file.ts";

/** Where commands are looked for, and what PATH they get, unless `--env PATH` names another. */
export const SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const MOST_INTERPRETERS = 4;
const ELF = Buffer.from("\u007FELF", "latin1");

/** A program with everything that Linux would start to run it. */
export interface FoundProgram {
  readonly command: HeldFile;
  /** What its `#!` line names, what that one's line names, …; the last one is no script. */
  readonly interpreters: readonly Interpreter[];
}

interface Interpreter {
  readonly file: HeldFile;
  /** The rest of the `#!` line, one argument. */
  readonly argument: string | undefined;
}

/** Finds, opens and hashes a command and its interpreters. Throws a CliError (exit 2) that names what cannot be confirmed. */
export function findProgram(command: string, directory: string, searchPath: string): FoundProgram {
  const held: HeldFile[] = [];
  try {
    const first = hold(locate(command, directory, searchPath), held);
    const interpreters: Interpreter[] = [];
    for (let file = first; !isNative(file);) {
      if (interpreters.length === MOST_INTERPRETERS)
        throw refused(`${first.path}: more than ${MOST_INTERPRETERS} interpreters`);
      const { path, argument } = interpreterOf(file, directory, searchPath);
      file = hold(path, held);
      interpreters.push({ file, argument });
    }
    return { command: first, interpreters };
  } catch (error) {
    for (const file of held) file.close();
    throw error;
  }
}

export function closeProgram({ command, interpreters }: FoundProgram): void {
  command.close();
  for (const { file } of interpreters) file.close();
}

function hold(path: string, held: HeldFile[]): HeldFile {
  const file = holdFile(path);
  held.push(file);
  return file;
}

/** With a slash: that file. Without: the first executable file of the name on the search path, never in the directory at hand. */
function locate(command: string, directory: string, searchPath: string): string {
  if (command === "") throw refused("the command is empty");
  if (command.includes("/")) return tidy(isAbsolute(command) ? command : `${directory}/${command}`);
  for (const folder of searchPath.split(":")) {
    if (!isAbsolute(folder)) throw refused(`PATH: "${folder}" is no absolute path`);
    const path = `${folder}/${command}`;
    if (isExecutable(path)) return tidy(path);
  }
  throw refused(`${command}: not found in ${searchPath}; name it by its path, or give --env PATH=…`);
}

/** Without `.` and `..`: a folder behind a link may have another parent than its name says, so that the system is asked. */
function tidy(path: string): string {
  if (path.endsWith("/") || !isExecutable(path)) throw refused(`${path}: is no executable file`);
  if (/\/\.{0,2}(?:\/|$)/.test(path)) return join(realpathSync(dirname(path)), basename(path));
  return path;
}

function isExecutable(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  return status?.isFile() === true && (status.mode & 0o111) !== 0;
}

function isNative({ head, path }: HeldFile): boolean {
  if (head.subarray(0, ELF.length).equals(ELF)) return true;
  if (head.toString("latin1", 0, 2) === "#!") return false;
  throw refused(`${path}: is neither a program of Linux nor a script with #!`);
}

/** The `#!` line as Linux reads it: a path, and the rest as one argument. `env NAME` is resolved here as env would. */
function interpreterOf(
  { head, path }: HeldFile,
  directory: string,
  searchPath: string,
): { readonly path: string; readonly argument: string | undefined } {
  const end = head.indexOf("\n");
  if (end < 0) throw refused(`${path}: its #! line is longer than ${head.length} bytes`);
  const line = head.toString("utf8", 2, end).trim();
  const [, interpreter = "", rest = ""] = /^([^ \t]+)[ \t]*(.*)$/.exec(line) ?? [];
  if (!isAbsolute(interpreter)) throw refused(`${path}: its #! line names no absolute path`);
  if (basename(interpreter) !== "env") return { path: tidy(interpreter), argument: rest === "" ? undefined : rest };
  if (!/^[^-\s=/][^\s=/]*$/.test(rest)) {
    throw refused(`${path}: of #! with env only a name may follow; name the interpreter itself on its first line`);
  }
  return { path: locate(rest, directory, searchPath), argument: undefined };
}
