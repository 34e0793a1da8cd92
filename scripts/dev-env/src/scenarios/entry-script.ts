import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@countersign/testing/child";

/** A script of `scripts/`, run as people run it. */
export interface RunningScript {
  readonly process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with the first line of standard output that this accepts. */
  line(accepts: (line: string) => boolean): Promise<string>;
  /** Resolves with the exit code once all its output has come. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Starts a script from any folder. Temporary folders are made below `tmp`, so that it can be seen whether one is left. */
export function startScript(
  name: string,
  args: readonly string[],
  at: { readonly cwd: string; readonly tmp: string; readonly env?: NodeJS.ProcessEnv },
): RunningScript {
  const env = { ...process.env, ...at.env, TMPDIR: at.tmp };
  const child = spawn(join(ROOT, "scripts", name), args, { cwd: at.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? 1));
  });
  const line = (accepts: (line: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = stdout.split("\n").slice(0, -1).find(accepts);
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
      void ended.then((code) => reject(new Error(`${name} ended with ${code} before that:\n${stdout}${stderr}`)));
    });
  return { process: child, stdout: () => stdout, stderr: () => stderr, line, ended };
}

/** Running processes that name this folder on their command line. */
export function processesIn(folder: string): { readonly pid: number; readonly command: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), command: commandOf(name) }))
    .filter(({ command }) => command.includes(folder));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
