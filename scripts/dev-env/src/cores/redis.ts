// A real Redis server of its own for the cores of a world.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { freePort } from "@countersign/testing/child";

/** Debian's package redis-server. */
const REDIS_SERVER = "redis-server";

/** Whether it is there. */
export const hasRedis: boolean = spawnSync(REDIS_SERVER, ["--version"]).status === 0;

/** Settings under which nothing that was acknowledged is lost. */
const SAFE = [
  ...["--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "no"],
  ...["--save", "", "--maxmemory-policy", "noeviction"],
];

export interface Redis {
  readonly port: number;
  stop(): Promise<void>;
}

/** Resolves once it accepts connections. */
export async function startRedis(folder: string): Promise<Redis> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--daemonize", "no", ...SAFE];
  const child = spawn(REDIS_SERVER, args, { stdio: ["ignore", "pipe", "pipe"] });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await accepts(child);
  return {
    port,
    stop: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

function accepts(child: ChildProcess): Promise<void> {
  let output = "";
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`redis-server ended with ${code}:\n${output}`)));
    child.stderr?.on("data", (data: Buffer) => (output += data.toString()));
    child.stdout?.on("data", (data: Buffer) => {
      output += data.toString();
      if (output.includes("Ready to accept connections")) resolve();
    });
  });
}
