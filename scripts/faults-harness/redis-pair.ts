// A master and a replica that change places, whoever decides so, and the two cores that look at them through cables of
// their own.
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
/** How long a replica hears nothing before its master dies; how long two masters live side by side. */
const BEHIND_MS = 150;
const APART_MS = 300;
const PATIENCE_MS = 60_000;

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

  async #untilFollowed(): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const info = String(await this.#replica.command("INFO", "replication"));
      if (info.includes("master_link_status:up")) return;
      if (Date.now() > end) throw new Error("the replica does not follow its master");
      await sleep(20);
    }
  }
}

function follow({ port }: TcpProxy): string[] {
  return ["--replicaof", `127.0.0.1 ${port}`];
}
