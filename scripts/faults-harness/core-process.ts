// A real core as a process that may be ended at any time, by whom and however.
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { FROM_SOURCE, ROOT } from "@countersign/testing/child";

const CORE = "core/server/src/main.ts";
const COMPILED = join(ROOT, "node_modules/.cache/compiled");

export interface CoreStart {
  /** Settings of `serve`, without --listen. */
  readonly args: readonly string[];
  /** Put in front of Node: strace and its options. It must become the core by exec. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another program in place of the core's own. */
  readonly entry?: string;
}

/** How a process ended: its exit code or the signal. */
export type End = number | NodeJS.Signals;

export interface CoreProcess {
  readonly process: ChildProcess;
  /** HOST:PORT once it serves; undefined: it ended before. */
  readonly serving: Promise<string | undefined>;
  readonly gone: Promise<End>;
  output(): string;
  /** Ends it and resolves once it is gone. */
  stop(signal?: NodeJS.Signals): Promise<End>;
}

/** Starts a core on a free port of loopback. */
export function startCoreProcess({ args, wrapper = [], env = {}, entry = CORE }: CoreStart): CoreProcess {
  const serve = entry === CORE ? ["serve"] : [];
  const own = [process.execPath, ...FROM_SOURCE, entry, ...serve, ...args, "--listen", "127.0.0.1:0"];
  const [command, ...rest] = [...wrapper, ...own] as [string, ...string[]];
  const child = spawn(command, rest, {
    cwd: ROOT,
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const gone = new Promise<End>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? code ?? 1));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const serving = new Promise<string | undefined>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      output += `${line}\n`;
      if (line.startsWith('{"ready":')) resolve(String((JSON.parse(line) as { address: unknown }).address));
    });
    gone.then(
      () => resolve(undefined),
      () => resolve(undefined),
    );
  });
  return {
    ...{ process: child, serving, gone, output: () => output },
    stop: async (signal = "SIGTERM") => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return gone;
    },
  };
}
