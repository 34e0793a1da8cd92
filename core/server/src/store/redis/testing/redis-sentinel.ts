import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "redis";
import { until } from "./redis-cluster.ts";
import { commandOf, freePort, REDIS_SERVER, startRedis, type RedisServer } from "./redis-server.ts";

export interface SentinelSet {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinelPorts: readonly number[];
  /** From now on a master that is gone for a second is replaced. Until then a busy machine fails nobody. */
  failsOver(): Promise<void>;
  stop(): Promise<void>;
}

/** What the Sentinels call their master. */
export const MASTER_NAME = "countersign";

/** A master, a replica, and three Sentinels that promote it once they are told to look. */
export async function startSentinelSet(folder: string): Promise<SentinelSet> {
  const children: ChildProcess[] = [];
  const fast = ["--repl-diskless-sync-delay", "0"];
  const master = await startRedis({ folder: join(folder, "master"), settings: fast });
  const replicaOf = [...fast, "--replicaof", `127.0.0.1 ${master.port}`];
  const replica = await startRedis({ folder: join(folder, "replica"), settings: replicaOf });
  const stop = async (): Promise<void> => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all([master.stop(), replica.stop()]);
  };
  try {
    const sentinelPorts: number[] = [];
    for (let i = 0; i < 3; i++) {
      const port = await freePort();
      const at = join(folder, `sentinel-${i}`);
      mkdirSync(at, { recursive: true });
      const lines = [
        ...[`port ${port}`, "bind 127.0.0.1", `dir ${at}`],
        `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master.port} 2`,
        `sentinel down-after-milliseconds ${MASTER_NAME} 600000`,
        `sentinel failover-timeout ${MASTER_NAME} 3000`,
      ];
      writeFileSync(join(at, "sentinel.conf"), `${lines.join("\n")}\n`);
      children.push(spawn(REDIS_SERVER, [join(at, "sentinel.conf"), "--sentinel"], { stdio: "ignore" }));
      sentinelPorts.push(port);
    }
    for (const port of sentinelPorts) {
      await until(async () => (await masterAsSeenBy(port)).includes("num-other-sentinels 2 num-slaves 1"));
    }
    const failsOver = async (): Promise<void> => {
      for (const port of sentinelPorts) {
        await commandOf(port, ["SENTINEL", "SET", MASTER_NAME, "down-after-milliseconds", "1000"]);
      }
    };
    return { master, replica, sentinelPorts, failsOver, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function masterAsSeenBy(port: number): Promise<string> {
  const client = createClient({ RESP: 2, socket: { host: "127.0.0.1", port, reconnectStrategy: false } });
  client.on("error", () => {});
  try {
    await client.connect();
    const flat = (await client.sendCommand(["SENTINEL", "MASTER", MASTER_NAME])) as string[];
    const value = (name: string): string => `${name} ${flat[flat.indexOf(name) + 1] ?? ""}`;
    return `${value("num-other-sentinels")} ${value("num-slaves")}`;
  } catch {
    return "";
  } finally {
    if (client.isOpen) client.destroy();
  }
}
