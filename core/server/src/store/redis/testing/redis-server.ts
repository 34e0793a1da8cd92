// Starts real Redis servers on free ports of the loopback interface, each in a folder of its own, and ends them by their pid.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@countersign/testing/child";
import { createClient } from "redis";

export { freePort };

/** Debian's package redis-server. */
export const REDIS_SERVER = "redis-server";

/** Whether it is there. */
export const hasRedis: boolean = spawnSync(REDIS_SERVER, ["--version"]).status === 0;

export interface RedisServer {
  readonly port: number;
  readonly process: ChildProcess;
  readonly folder: string;
  /** Sends it a command past every store. */
  command(...command: string[]): Promise<unknown>;
  /** Resolves once it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** The same server again, on what it left on its disk. */
  restart(): Promise<RedisServer>;
}

export interface RedisServerOptions {
  readonly folder: string;
  /** Settings beyond the safe ones: `--name value`. */
  readonly settings?: readonly string[];
  readonly port?: number;
}

/** Settings under which nothing that was acknowledged is lost. */
const SAFE: readonly string[] = [
  "--appendonly",
  "yes",
  "--appendfsync",
  "always",
  "--aof-load-truncated",
  "no",
  "--save",
  "",
  "--maxmemory-policy",
  "noeviction",
];

/** Resolves once it accepts connections. */
export async function startRedis(options: RedisServerOptions): Promise<RedisServer> {
  const { folder, settings = [] } = options;
  mkdirSync(folder, { recursive: true });
  const port = options.port ?? (await freePort());
  const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--daemonize", "no"];
  const child = spawn(REDIS_SERVER, [...place, ...SAFE, ...settings], { stdio: ["ignore", "pipe", "pipe"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await ready(child, join(folder, "redis"));
  return {
    ...{ port, process: child, folder },
    stop: async (signal = "SIGKILL") => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await gone;
    },
    command: (...command) => commandOf(port, command),
    restart: () => startRedis({ ...options, port }),
  };
}

/** The library's own 5 s are not much on a machine that is busy. */
const CONNECT_MS = 60_000;

/** A client of the library alone. */
export async function connectBare(port: number): Promise<{
  sendCommand(command: string[]): Promise<unknown>;
  destroy(): void;
}> {
  const client = createClient({
    socket: { host: "127.0.0.1", port, reconnectStrategy: false, connectTimeout: CONNECT_MS },
  });
  client.on("error", () => {});
  return client.connect();
}

/** Sends a server, or a Sentinel, one command. */
export async function commandOf(port: number, command: string[]): Promise<unknown> {
  const client = await connectBare(port);
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}

function ready(child: ChildProcess, name: string): Promise<void> {
  let output = "";
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${name} ended with ${code}:\n${output}`)));
    child.stderr?.on("data", (data: Buffer) => (output += data.toString()));
    child.stdout?.on("data", (data: Buffer) => {
      output += data.toString();
      if (output.includes("Ready to accept connections")) resolve();
    });
  });
}
