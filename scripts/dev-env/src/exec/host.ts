import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { expect } from "@jest/globals";
import { FROM_SOURCE, ROOT } from "@countersign/testing/child";
import type { Told } from "../crash/client.ts";
import type { Desk } from "../desk.ts";
import type { Installation } from "../installation.ts";

/** How a command of a host ended. */
export interface HostEnd {
  readonly exit: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
  readonly told: readonly Told[];
}

/** `countersign` on a host that carries out itself: it has both tokens. */
export interface HostRun {
  readonly process: ChildProcess;
  readonly ended: Promise<HostEnd>;
  /** The first line of --json that has this member, or this member with this value; rejects when it ends before. */
  readonly tells: (member: string, value?: unknown) => Promise<Told>;
}

/** Where and how it runs. */
export interface HostGiven {
  readonly installation: Pick<
    Installation,
    "coreAddress" | "submitTokenFile" | "executeTokenFile" | "serverId" | "corePublicKey"
  >;
  readonly desk: Pick<Desk, "userId" | "daemonSocket" | "folder">;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Given to its stdin. */
  readonly input?: string;
  /** Before the subcommand; the later ones count. */
  readonly flags?: readonly string[];
}

const NODE_COMPILE_CACHE = `${ROOT}node_modules/.cache/compiled`;

/** Runs `countersign --json ARGS`. What it tells is on stderr for exec, on stdout for all others; both are read. */
export function startHost(given: HostGiven, ...args: readonly string[]): HostRun {
  const { installation, desk, cwd = desk.folder, env = {}, input, flags = [] } = given;
  const program = spawn(
    process.execPath,
    [
      ...[...FROM_SOURCE, `${ROOT}clients/cli/src/main.ts`, "--json"],
      ...["--core", installation.coreAddress, "--token-file", installation.submitTokenFile, "--user", desk.userId],
      ...["--execute-token", installation.executeTokenFile, "--daemon", desk.daemonSocket.replace("unix:", "")],
      ...["--server-id", installation.serverId, "--core-key", installation.corePublicKey],
      ...[...flags, ...args],
    ],
    { cwd, env: { NODE_COMPILE_CACHE, ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] },
  );
  program.stdin.on("error", () => undefined).end(input ?? "");
  const told: Told[] = [];
  let [stdout, stderr] = ["", ""];
  let wake: (() => void)[] = [];
  let isOver = false;
  const changed = (): void => {
    for (const one of wake) one();
    wake = [];
  };
  program.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  program.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  for (const stream of [program.stdout, program.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      if (!line.startsWith('{"state":')) return;
      told.push(JSON.parse(line) as Told);
      changed();
    });
  }
  const ended = new Promise<HostEnd>((resolve, reject) => {
    program.once("error", reject);
    program.once("close", (code, signal) => {
      isOver = true;
      changed();
      resolve({ exit: code ?? signal ?? 1, stdout, stderr, told });
    });
  });
  const tells = async (member: string, value?: unknown): Promise<Told> => {
    for (;;) {
      const found = told.find((one) => member in one && (value === undefined || one[member] === value));
      if (found !== undefined) return found;
      if (isOver) throw new Error(`it ended before it told ${member}:\n${stdout}${stderr}`);
      await new Promise<void>((resolve) => wake.push(resolve));
    }
  };
  return { process: program, ended, tells };
}

/** Waits for the end. A test that fails shows all that it wrote. */
export async function expectEnd(run: HostRun, exit: HostEnd["exit"]): Promise<HostEnd> {
  const end = await run.ended;
  const { stdout, stderr } = end;
  expect({ exit: end.exit, stdout, stderr }).toEqual({ exit, stdout, stderr });
  return end;
}
