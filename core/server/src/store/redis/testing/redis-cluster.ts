import { join } from "node:path";
import { createClient } from "redis";
import { freePort, startRedis, type RedisServer } from "./redis-server.ts";

export interface TestCluster {
  /** Masters first, then their replicas in the same order. */
  readonly servers: readonly RedisServer[];
  /** From now on a node that is gone is noticed. Until then no node is, however busy the machine. */
  notices(): Promise<void>;
  /** The same, and its replica takes over. */
  failsOver(): Promise<void>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
/** A node's bus listens this far above its port. */
const BUS = 10_000;
const MASTERS = 3;
const PATIENCE_MS = 240_000;
/** After how long a node that does not answer is gone: while the nodes meet, and in a test that is about it; and else. */
const NOTICED_MS = "1500";
const PATIENT_MS = "600000";

/** Three masters and a replica of each, all of their slots served. */
export async function startCluster(folder: string, settings: readonly string[] = []): Promise<TestCluster> {
  const servers: RedisServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    for (let i = 0; i < 2 * MASTERS; i++) {
      const own = [
        "--cluster-enabled",
        "yes",
        "--repl-diskless-sync-delay",
        "0",
        "--cluster-replica-validity-factor",
        "0",
      ];
      own.push("--cluster-node-timeout", NOTICED_MS, "--cluster-replica-no-failover", "yes");
      servers.push(
        await startRedis({
          folder: join(folder, `node-${i}`),
          port: await freePort(BUS),
          settings: [...own, ...settings],
        }),
      );
    }
    await join6(servers);
    const notices = (): Promise<void> => setAll(servers, "cluster-node-timeout", NOTICED_MS);
    const failsOver = async (): Promise<void> => {
      await setAll(servers, "cluster-replica-no-failover", "no");
      await notices();
    };
    return { servers, notices, failsOver, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function setAll(servers: readonly RedisServer[], name: string, value: string): Promise<void> {
  await Promise.all(servers.map((server) => server.command("CONFIG", "SET", name, value)));
}

async function join6(servers: readonly RedisServer[]): Promise<void> {
  const clients = await Promise.all(
    servers.map(async ({ port }) => {
      const client = createClient({ socket: { host: "127.0.0.1", port } });
      client.on("error", () => {});
      await client.connect();
      return client;
    }),
  );
  const ask = (i: number, ...command: string[]): Promise<string> => clients[i]!.sendCommand<string>(command);
  try {
    for (const [i, { port }] of servers.entries()) {
      await ask(i, "CLUSTER", "SET-CONFIG-EPOCH", String(i + 1));
      if (i > 0) await ask(0, "CLUSTER", "MEET", "127.0.0.1", String(port));
    }
    for (let i = 0; i < MASTERS; i++) {
      const from = Math.ceil((SLOTS * i) / MASTERS);
      const to = Math.ceil((SLOTS * (i + 1)) / MASTERS) - 1;
      await ask(i, "CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
    }
    const ids = await Promise.all(servers.map((_, i) => ask(i, "CLUSTER", "MYID")));
    await until(async () => {
      const seen = await Promise.all(servers.map((_, i) => ask(i, "CLUSTER", "NODES")));
      return seen.every((nodes) => ids.every((id) => nodes.includes(id)));
    });
    for (let i = MASTERS; i < servers.length; i++) await ask(i, "CLUSTER", "REPLICATE", ids[i - MASTERS]!);
    const isWhole = async (): Promise<boolean> => {
      const infos = await Promise.all(servers.map((_, i) => ask(i, "CLUSTER", "INFO")));
      const links = await Promise.all(servers.map((_, i) => ask(i, "INFO", "replication")));
      const linked = links.every((link, i) => link.includes(i < MASTERS ? "state=online" : "master_link_status:up"));
      return linked && infos.every((info) => info.includes("cluster_state:ok"));
    };
    await until(async () => {
      await setAll(servers, "cluster-node-timeout", NOTICED_MS);
      if (!(await isWhole())) return false;
      // Who is missed at that moment would be missed for as long.
      await setAll(servers, "cluster-node-timeout", PATIENT_MS);
      return isWhole();
    });
  } finally {
    for (const client of clients) client.destroy();
  }
}

/** Asks until it is so: servers settle things among themselves and tell nobody. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error("the servers did not settle");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
