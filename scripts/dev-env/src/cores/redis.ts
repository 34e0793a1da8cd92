// A real Redis server of its own for the cores of a world.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";

/** Debian's package redis-server. */
const REDIS_SERVER = "redis-server";

/** Whether it is there. */
export const hasRedis: boolean = spawnSync(REDIS_SERVER, ["--version"]).status === 0;

/** Settings under which nothing that was acknowledged is lost. */
const SAFE = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction"];

export interface Redis {
  readonly port: number;
  stop(): Promise<void>;
}

/** Resolves once it accepts connections. Another program may take the port that was free a moment ago: then on another one. */
export async function startRedis(folder: string): Promise<Redis> {
  mkdirSync(folder, { recursive: true });
  for (let left = 10; ; left -= 1) {
    const port = await freePort();
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--daemonize", "no", ...SAFE];
    const child = spawn(REDIS_SERVER, args, { stdio: ["ignore", "pipe", "pipe"] });
    const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
    const stop = async (): Promise<void> => {
      child.kill("SIGKILL");
      await gone;
    };
    try {
      await accepts(child);
      return { port, stop };
    } catch (error) {
      await gone;
      if (left === 0 || !String(error).includes("Address already in use")) throw error;
    }
  }
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

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
