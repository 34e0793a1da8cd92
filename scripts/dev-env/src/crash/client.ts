import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { launchOf, ROOT } from "@countersign/testing/child";
import type { Desk } from "../desk.ts";
import type { Installation } from "../installation.ts";

/** A line of the client's NDJSON output. */
export type Told = Readonly<Record<string, unknown>>;

/** How the client ended. */
export interface ClientEnd {
  readonly exitCode: number;
  /** Everything it wrote, for a failing test. */
  readonly output: string;
  readonly told: readonly Told[];
}

/** The real client, a process of its own. */
export interface Client {
  readonly ended: Promise<ClientEnd>;
  interrupt(): void;
  kill(): void;
}

/** Runs `countersign ARGS` for a desk's user; `onTold` sees every line as it comes. */
export function startClient(
  installation: Installation,
  desk: Desk,
  args: readonly string[],
  onTold: (told: Told, client: Client) => void = () => {},
): Client {
  const way = launchOf(`${ROOT}clients/cli/src/main.ts`, [
    ...["--json", "--core", installation.coreAddress, "--token-file", installation.submitTokenFile],
    ...["--user", desk.userId, "--server-id", installation.serverId, "--core-key", installation.corePublicKey],
    ...["--daemon", desk.daemonSocket.replace("unix:", ""), "--patience", "90", ...args],
  ]);
  const program = spawn(way.program, way.args, {
    cwd: desk.folder,
    env: way.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const told: Told[] = [];
  let output = "";
  program.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const lines = createInterface({ input: program.stdout });
  const client: Client = {
    ended: new Promise((resolve, reject) => {
      program.once("error", reject);
      program.once("close", (code) => resolve({ exitCode: code ?? 1, output, told }));
    }),
    interrupt: () => void program.kill("SIGINT"),
    kill: () => void program.kill("SIGKILL"),
  };
  lines.on("line", (line) => {
    output += `${line}\n`;
    if (!line.startsWith("{")) return;
    const one = JSON.parse(line) as Told;
    told.push(one);
    onTold(one, client);
  });
  return client;
}
