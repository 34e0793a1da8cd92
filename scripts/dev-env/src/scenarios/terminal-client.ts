import { spawn } from "node:child_process";
import { FROM_SOURCE, ROOT } from "@countersign/testing/child";
import type { Desk } from "../desk.ts";
import type { Installation } from "../installation.ts";

/** `countersign` in a terminal of its own, with somebody who reads along and types. */
export interface TerminalClient {
  /** Resolves once this was written; a client that ends before rejects, and shows what it wrote. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  type(text: string): void;
  /** Everything that stood in the terminal, what was typed with echo too. */
  screen(): string;
  readonly ended: Promise<number>;
  kill(): void;
}

/** Needs `script` of util-linux, which makes the terminal. */
export function startInTerminal(installation: Installation, desk: Desk, args: readonly string[]): TerminalClient {
  const command = [
    ...[process.execPath, ...FROM_SOURCE, `${ROOT}clients/cli/src/main.ts`],
    ...["--core", installation.coreAddress, "--token-file", installation.submitTokenFile, "--user", desk.userId],
    ...["--server-id", installation.serverId, "--core-key", installation.corePublicKey],
    ...["--daemon", desk.daemonSocket.replace("unix:", ""), ...args],
  ];
  const quoted = command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
  const program = spawn("script", ["-qec", quoted, "/dev/null"], {
    cwd: desk.folder,
    env: { ...process.env, TERM: "dumb" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  let wake: (() => void)[] = [];
  const changed = (): void => {
    for (const one of wake) one();
    wake = [];
  };
  program.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
    changed();
  });
  let isOver = false;
  const ended = new Promise<number>((resolve, reject) => {
    program.once("error", reject);
    program.once("close", (code) => {
      isOver = true;
      changed();
      resolve(code ?? 1);
    });
  });
  return {
    until: async (pattern) => {
      for (;;) {
        const found = pattern.exec(screen);
        if (found !== null) return found;
        if (isOver) throw new Error(`it ended before it wrote ${pattern}:\n${screen}`);
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    type: (text) => void program.stdin.write(text),
    screen: () => screen,
    ended,
    kill: () => void program.kill("SIGKILL"),
  };
}
