// A master and a replica that change places, whoever decides so, and the two cores that look at them through cables of
// their own.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedis, type RedisServer } from "../../core/server/src/store/redis/testing/redis-server.ts";
import { TcpProxy } from "./tcp-proxy.ts";

/** What happens to the master; the replica is promoted after it. */
export const FAILOVERS = [
  "killed",
  "killed, replica behind",
  "stopped, and back later",
  "silent",
  "seen by one core",
] as const;
export type Failover = (typeof FAILOVERS)[number];

/** What ends here are processes, not the power: what Redis wrote is there, synced or not. */
const SETTINGS = [
  "--appendfsync",
  "everysec",
  "--repl-diskless-sync-delay",
  "0",
  "--repl-backlog-ttl",
  "0",
  "--repl-timeout",
  "5",
];
/** What the master may be for a while, and stay master. */
export const TROUBLES = ["paused", "out of memory", "read only", "behind its own replica", "loading"] as const;
export type Trouble = (typeof TROUBLES)[number];

/** How long a replica hears nothing before its master dies; how long two masters live side by side. */
const BEHIND_MS = 150;
const APART_MS = 300;
const TROUBLE_MS = 1000;
const PATIENCE_MS = 180_000;
const NO_REWRITE = "aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0";

export class RedisPair {
  /** Where each core believes the one server to be. */
  readonly cables: readonly TcpProxy[];
  readonly #folder: string;
  /** Between replica and master. */
  readonly #replication: TcpProxy;
  #master: RedisServer;
  #replica: RedisServer;
  #made = 2;

  private constructor(
    folder: string,
    master: RedisServer,
    replica: RedisServer,
    cables: readonly TcpProxy[],
    link: TcpProxy,
  ) {
    this.#folder = folder;
    this.#master = master;
    this.#replica = replica;
    this.cables = cables;
    this.#replication = link;
  }

  static async start(folder: string, cores: number): Promise<RedisPair> {
    const master = await startRedis({ folder: join(folder, "redis-1"), settings: SETTINGS });
    const link = await TcpProxy.start(master.port);
    const replica = await startRedis({ folder: join(folder, "redis-2"), settings: [...SETTINGS, ...follow(link)] });
    const cables = await Promise.all(Array.from({ length: cores }, () => TcpProxy.start(master.port)));
    const pair = new RedisPair(folder, master, replica, cables, link);
    await pair.#untilFollowed();
    return pair;
  }

  get master(): RedisServer {
    return this.#master;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.cables, this.#replication].map((proxy) => proxy.stop()));
    await Promise.all([this.#master.stop(), this.#replica.stop()]);
  }

  /** The replica takes over. Resolves as soon as it is master; `heal` gives it a replica. */
  async failOver(how: Failover): Promise<void> {
    const old = this.#master;
    if (how === "killed, replica behind") {
      this.#replication.silence();
      await sleep(BEHIND_MS);
    }
    if (how === "killed" || how === "killed, replica behind") await old.stop("SIGKILL");
    if (how === "stopped, and back later") old.process.kill("SIGSTOP");
    if (how === "silent") {
      for (const cable of this.cables) cable.silence();
      await sleep(APART_MS);
    }
    this.#replication.cut();
    await this.#replica.command("REPLICAOF", "NO", "ONE");
    const { port } = this.#replica;
    const [first, ...others] = this.cables;
    first?.turnTo(port);
    if (how === "seen by one core") await sleep(APART_MS); // the others still speak to the old one
    for (const other of others) other.turnTo(port);
    if (how === "stopped, and back later") old.process.kill("SIGCONT");
    this.#master = this.#replica;
    this.#replica = old;
  }

  /** The old master is thrown away; a new, empty server follows the new master. */
  async heal(): Promise<void> {
    await this.#replica.stop("SIGKILL");
    this.#replication.turnTo(this.#master.port);
    this.#made += 1;
    const folder = join(this.#folder, `redis-${this.#made}`);
    this.#replica = await startRedis({ folder, settings: [...SETTINGS, ...follow(this.#replication)] });
    await this.#untilFollowed();
  }

  /** Resolves when it is over. */
  async trouble(what: Trouble): Promise<void> {
    switch (what) {
      case "paused":
        await this.#master.command("CLIENT", "PAUSE", String(TROUBLE_MS), "ALL");
        await sleep(TROUBLE_MS);
        return;
      case "out of memory":
        await this.#master.command("CONFIG", "SET", "maxmemory", "1");
        await sleep(TROUBLE_MS);
        await this.#master.command("CONFIG", "SET", "maxmemory", "0");
        return;
      case "read only":
        // It follows a port at which nobody listens.
        await this.#master.command("REPLICAOF", "127.0.0.1", "1");
        await sleep(TROUBLE_MS);
        await this.#freeMaster();
        return this.#untilFollowed();
      case "behind its own replica":
        return this.#followReplica();
      case "loading":
        return this.#reload();
    }
  }

  /** The master follows its own replica, which hears nothing of it meanwhile, and is set back to what that one has. */
  async #followReplica(): Promise<void> {
    this.#replication.silence();
    await sleep(BEHIND_MS);
    await this.#master.command("REPLICAOF", "127.0.0.1", String(this.#replica.port));
    await sleep(TROUBLE_MS);
    await this.#freeMaster();
    this.#replication.turnTo(this.#master.port);
    await this.#untilFollowed();
  }

  /** It follows nobody any more: it obeys only once it has loaded what it was just taking over. */
  async #freeMaster(): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        await this.#master.command("REPLICAOF", "NO", "ONE");
        return;
      } catch (error) {
        if (!String(error).includes("LOADING") || Date.now() > end) throw error;
        await sleep(20);
      }
    }
  }

  /** The master ends and loads what it wrote, slowly. */
  async #reload(): Promise<void> {
    await this.#until(this.#master, "persistence", NO_REWRITE); // Redis begins one by itself when it has followed another
    await this.#master.command("BGREWRITEAOF");
    await this.#until(this.#master, "persistence", NO_REWRITE);
    await this.#restart(["--key-load-delay", "300", "--loading-process-events-interval-bytes", "1024"]);
  }

  /**
   * The master ends, and the end of what it wrote is not there any more. It is repaired before it is loaded: Redis 7.0
   * by itself cuts such a file inside the last script, and then loses, or half applies, what comes after it.
   */
  async truncate(bytes: number): Promise<void> {
    await this.#master.stop("SIGKILL");
    const folder = join(this.#master.folder, "appendonlydir");
    const last = readdirSync(folder).findLast((name) => name.endsWith(".incr.aof"));
    if (last === undefined) throw new Error(`${folder}: no file to cut`);
    const path = join(folder, last);
    truncateSync(path, Math.max(0, statSync(path).size - bytes));
    await this.#restart([]);
  }

  async #restart(settings: readonly string[]): Promise<void> {
    const { folder, port } = this.#master;
    await this.#master.stop("SIGKILL");
    repair(folder); // the kill may have come during a write
    this.#master = await startRedis({ folder, port, settings: [...SETTINGS, ...settings] });
    await this.#untilFollowed();
  }

  #untilFollowed(): Promise<void> {
    return this.#until(this.#replica, "replication", "master_link_status:up");
  }

  async #until(server: RedisServer, section: string, says: string): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const info = String(await server.command("INFO", section).catch(() => ""));
      if (info.includes(says)) return;
      if (Date.now() > end) throw new Error(`a server did not say ${says}:\n${info}`);
      await sleep(20);
    }
  }
}

function repair(folder: string): void {
  const manifest = join(folder, "appendonlydir", "appendonly.aof.manifest");
  const repaired = spawnSync("redis-check-aof", ["--fix", manifest], { input: "y\n", encoding: "utf8" });
  if (repaired.status !== 0) throw new Error(`redis-check-aof: ${repaired.stdout}${repaired.stderr}`);
}

function follow({ port }: TcpProxy): string[] {
  return ["--replicaof", `127.0.0.1 ${port}`];
}
