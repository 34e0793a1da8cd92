import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import {
  commandLines,
  digestOfCommand,
  equalBytes,
  ProtocolError,
  type CommandRun,
  type Program,
} from "@countersign/protocol";
import { environment, refused } from "../cli-error.ts";
import { commandEnvironment } from "./command-environment.ts";
import { closeProgram, findProgram, type FoundProgram } from "./find-program.ts";
import { hashHeld } from "./held-file.ts";

/** What was asked for on the command line. */
export interface CommandAsked {
  /** The command and its arguments, as they were typed. */
  readonly words: readonly string[];
  /** `--env`, in order. */
  readonly env: readonly string[];
  readonly purpose: string | undefined;
  /** 16 bytes that make it one run. */
  readonly once: Uint8Array;
}

/** Where it is asked: the environment of this process, its folder. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: () => string;
}

/** A command that is ready to run: everything that was shown is held open. */
export interface CommandPlan {
  readonly run: CommandRun;
  readonly program: FoundProgram;
  /** The working directory. */
  readonly directory: number;
  /** Exactly this, nothing else. */
  readonly environment: Readonly<Record<string, string>>;
  close(): void;
}

/** Finds and opens all of it. Throws a CliError (exit 2) naming what is not there or cannot be shown; then nothing is open. */
export function planCommand(asked: CommandAsked, around: Surroundings): CommandPlan {
  if (process.platform !== "linux") throw environment("countersign exec runs commands on Linux only");
  const [command = "", ...args] = asked.words;
  const account = userInfo();
  const { named, base, searchPath } = commandEnvironment(asked.env, account, around.env);
  const folder = around.folder();
  const directory = holdDirectory(folder);
  let program: FoundProgram | undefined;
  try {
    program = findProgram(command, folder, searchPath);
    const found = program;
    const run: CommandRun = {
      ...{ host: hostname(), user: account.username, directory: folder, arguments: args, environment: named, base },
      command: { path: found.command.path, sha256: found.command.sha256 },
      interpreters: found.interpreters.map(interpreterOf),
      once: asked.once,
      ...(asked.purpose === undefined ? {} : { purpose: asked.purpose }),
    };
    checkShown(run);
    const close = (): void => {
      closeProgram(found);
      closeSync(directory);
    };
    return { run, program: found, directory, environment: Object.fromEntries([...base, ...named]), close };
  } catch (error) {
    if (program !== undefined) closeProgram(program);
    closeSync(directory);
    throw error;
  }
}

/** What is no longer as it was shown, in words; undefined: all of it is. */
export function whatChanged(plan: CommandPlan, asked: CommandAsked, around: Surroundings): string | undefined {
  let now: CommandPlan;
  try {
    now = planCommand(asked, around);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  try {
    return differenceOf(plan, now);
  } finally {
    now.close();
  }
}

function differenceOf(shown: CommandPlan, now: CommandPlan): string | undefined {
  const programs = [shown.program.command, ...shown.program.interpreters.map(({ file }) => file)];
  const altered = programs.find((file) => !equalBytes(hashHeld(file), file.sha256));
  if (altered !== undefined) return `${altered.path} was written`;
  const [was, is] = [fstatSync(shown.directory, { bigint: true }), fstatSync(now.directory, { bigint: true })];
  if (was.dev !== is.dev || was.ino !== is.ino) return `${shown.run.directory} is another directory`;
  if (equalBytes(digestOfCommand(shown.run), digestOfCommand(now.run))) return undefined;
  if (JSON.stringify([now.run.environment, now.run.base]) !== JSON.stringify([shown.run.environment, shown.run.base]))
    return "the environment is another one";
  if (now.run.command.path !== shown.run.command.path) return `${now.run.command.path} is found in its place`;
  if (!equalBytes(now.run.command.sha256, shown.run.command.sha256))
    return `${now.run.command.path} is another program`;
  return "an interpreter, the user or the host is another one";
}

/** The folder that this process is in, by its path and by itself. */
function holdDirectory(path: string): number {
  const fd = openDirectory(path);
  const [named, own] = [statSync(path, { bigint: true }), fstatSync(fd, { bigint: true })];
  if (named.dev === own.dev && named.ino === own.ino) return fd;
  closeSync(fd);
  throw refused(`${path}: changes while it is looked at`);
}

function openDirectory(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    const why = "it was removed, this user may not read it, or its name is no UTF-8";
    throw refused(`${path}: cannot be opened as the working directory: ${why}; go to another one`);
  }
}

function interpreterOf({ file, argument }: FoundProgram["interpreters"][number]): Program {
  return { path: file.path, sha256: file.sha256, ...(argument === undefined ? {} : { argument }) };
}

function checkShown(run: CommandRun): void {
  try {
    commandLines(run);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if (error.code === "too-many-lines") {
      throw refused(
        "the command has more arguments and variables than 24 lines show; put them into a script and run that",
      );
    }
    const longer = error.code === "too-long" ? "; put it into a script and run that" : "";
    throw refused(`cannot be shown: ${error.message}${longer}`);
  }
}
