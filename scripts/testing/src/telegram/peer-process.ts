import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program of somebody else, running as a Bot API server on loopback. */
export interface PeerProcess {
  /** For the bot's `--api-root`. */
  readonly apiRoot: string;
  stop(): Promise<void>;
}

/** Starts it and resolves once it has printed where it listens. Rejects when it ends before. */
export async function startPeer(command: string, args: readonly string[], cwd: string): Promise<PeerProcess> {
  const child: ChildProcess = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const ended = once(child, "exit");
  const apiRoot = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    if (child.stdout === null) throw new Error("no standard output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith('{"ready":')) resolve((JSON.parse(line) as { apiRoot: string }).apiRoot);
    });
    void ended.then(() => reject(new Error(`${command} ended before it was ready:\n${errors}`)));
  });
  return {
    apiRoot,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
