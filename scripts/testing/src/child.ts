import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Top folder of the workspace. */
export const ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));

/** A running part of the product, started from source with the Node that runs the tests. */
export interface Child {
  /** Its first stdout line, parsed: where it listens. */
  readonly ready: Record<string, unknown>;
  readonly process: ChildProcess;
  /** Everything it has written to stdout and stderr so far. */
  output(): string;
  /** Ends it by SIGTERM (or the given signal) and resolves with its exit code, or the signal's name, once it is gone. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/** Starts `entry` (path from the top folder) and resolves with its readiness line. Rejects with its output if it exits first. */
export async function startChild(entry: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Child> {
  const child = spawn(
    process.execPath,
    ["--conditions=source", "--disable-warning=ExperimentalWarning", entry, ...args],
    {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  const gone = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal ?? 1));
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
    stop: async (signal = "SIGTERM") => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return gone;
    },
  };
}
