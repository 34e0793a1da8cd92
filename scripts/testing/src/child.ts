import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export { freePort, takePort } from "./free-port.ts";

/** Top folder of the workspace. */
export const ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));

/** Flags that run the workspace from source, unbuilt. */
export const FROM_SOURCE: readonly string[] = ["--conditions=source", "--disable-warning=ExperimentalWarning"];

let apart = false;

/** From now on Ctrl-C at the terminal reaches the caller alone, who ends its children in order. */
export function keepFromTerminal(): void {
  apart = true;
}

/** Compiled modules are kept beside the packages: a part starts in less than half the time. */
const NODE_COMPILE_CACHE = join(ROOT, "node_modules/.cache/compiled");

/** How a part's program is started. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

const fromSource = (entry: string, args: readonly string[]): Launch => ({
  program: process.execPath,
  args: [...FROM_SOURCE, entry, ...args],
  cwd: ROOT,
  env: { ...process.env, NODE_COMPILE_CACHE },
});

let launch = fromSource;

/** From now on parts are started so: `entry` is the path of a part's main file in the source tree. */
export function launchBy(given: (entry: string, args: readonly string[]) => Launch): void {
  launch = given;
}

/** How `entry` (path from the top folder) is started with these arguments: from source, unless `launchBy` said otherwise. */
export function launchOf(entry: string, args: readonly string[]): Launch {
  return launch(entry, args);
}

/** A running part of the product, started from source with the Node that runs the tests. */
export interface Child {
  /** Its first stdout line, parsed: where it listens. */
  readonly ready: Record<string, unknown>;
  readonly process: ChildProcess;
  /** Everything it has written to stdout and stderr so far. */
  output(): string;
  /** Resolves with its exit code, or the signal's name, once it is gone and all that it wrote has been read. */
  readonly gone: Promise<number | NodeJS.Signals>;
  /** Ends it by SIGTERM (or the given signal) and resolves as `gone` does. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** Starts `entry` (path from the top folder) and resolves with its readiness line; `stdin` is written to it first. Rejects if it exits before. */
export async function startChild(
  entry: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  stdin = "",
): Promise<Child> {
  const way = launchOf(entry, args);
  const child = spawn(way.program, way.args, {
    cwd: way.cwd,
    env: { ...way.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: apart,
  });
  child.stdin.on("error", () => {}).end(stdin);
  let output = "";
  // Not when it exits: its last words may still be on their way.
  const gone = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? 1));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    child.once("error", reject);
    createInterface({ input: child.stdout }).on("line", (line) => {
      output += `${line}\n`;
      if (line.startsWith('{"ready":')) resolve(JSON.parse(line) as Record<string, unknown>);
    });
    void gone.then((code) => reject(new Error(`${entry} ended with ${code} before it was ready:\n${output}`)));
  });
  return {
    ready,
    process: child,
    output: () => output,
    gone,
    stop: async (signal = "SIGTERM") => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return gone;
    },
  };
}

/** Runs `entry` to its end and resolves with its stdout. Rejects with its stderr when it does not exit with 0. */
export function runOnce(entry: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const way = launchOf(entry, args);
  const child = spawn(way.program, way.args, {
    cwd: way.cwd,
    env: { ...way.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: apart,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${entry} ended with ${code}:\n${stderr}${stdout}`));
    });
  });
}
