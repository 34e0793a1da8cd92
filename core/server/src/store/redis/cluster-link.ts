import { createCluster } from "redis";
import { linkError, withDeadline, type Call, type RedisLink, type Written } from "./redis-link.ts";
import { runScript, waits, writesTo, type Sender } from "./sender.ts";
import { clientOptions, NO_TIMEOUT, type LinkOptions } from "./standalone-link.ts";

type Cluster = ReturnType<typeof newCluster>;
type Node = Awaited<ReturnType<Cluster["nodeClient"]>>;

/** How often a write follows a slot to its new master. */
const MOST_MOVES = 4;

function newCluster(options: LinkOptions) {
  const cluster = createCluster({
    rootNodes: options.servers.map(({ host, port }) => ({ socket: { host, port } })),
    defaults: clientOptions(options),
    commandOptions: NO_TIMEOUT,
    // A master that died is asked for in vain: after its first lost connection the others know who follows it.
    topologyRefreshOnReconnectionAttemptStrategy: 250,
  });
  cluster.on("error", (error: Error) => options.onTrouble(error));
  return cluster;
}

/** Six nodes or more: connections for writes, which wait for replicas, and others for reads, to each master. */
export async function openClusterLink(options: LinkOptions): Promise<RedisLink> {
  const writer = newCluster(options);
  const reader = newCluster(options);
  const { deadlineMs } = options;
  const close = async (): Promise<void> => {
    for (const cluster of [writer, reader]) if (cluster.isOpen) cluster.destroy();
  };
  try {
    await withDeadline(deadlineMs, "connect", Promise.all([writer.connect(), reader.connect()]));
  } catch (error) {
    await close();
    throw linkError(error);
  }
  const writes = new ClusterWrites(writer, options);
  const everyMaster = async (command: readonly string[]): ReturnType<RedisLink["everywhere"]> =>
    Promise.all(
      reader.masters.map(async (node) => {
        const client = await reader.nodeClient(node);
        return { address: node.address, reply: await client.sendCommand([...command]) };
      }),
    );
  return {
    deadlineMs,
    waits: waits(options.durability),
    read: (call) => withDeadline(deadlineMs, "a read", runScript(senderTo(reader, keyOf(call)), call)),
    write: (call) => withDeadline(deadlineMs, "a write", writes.write(call)),
    command: (key, command) =>
      withDeadline(deadlineMs, command[0] ?? "", senderTo(reader, key).sendCommand([...command])),
    everywhere: (command) => withDeadline(deadlineMs, command[0] ?? "", everyMaster(command)),
    subscribe: async (channel, onMessage, onGap) => {
      await withDeadline(deadlineMs, "SUBSCRIBE", reader.subscribe(channel, onMessage));
      // The library does not say which node it listens to: whichever comes back, hints may have been lost.
      reader.on("node-ready", onGap);
    },
    close,
  };
}

function keyOf({ keys }: Call): string {
  return keys[0] ?? "";
}

// The library follows MOVED and ASK for these by itself.
function senderTo(cluster: Cluster, key: string): Sender {
  return { sendCommand: (command) => cluster.sendCommand(key, false, command) };
}

/** WAIT has to follow a script on the same connection, so that the node is chosen here and not by the library. */
class ClusterWrites {
  readonly #cluster: Cluster;
  readonly #options: LinkOptions;
  readonly #writes = new WeakMap<Node, (call: Call) => Promise<Written>>();

  constructor(cluster: Cluster, options: LinkOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  async write(call: Call): Promise<Written> {
    for (let move = 0; ; move++) {
      const node = await this.#cluster.getNodeClientForKey(keyOf(call), false);
      try {
        return await this.#writesTo(node)(call);
      } catch (error) {
        if (move === MOST_MOVES || !isMoved(error)) throw error;
        await this.#findMaster(keyOf(call)); // the node ran nothing: it said so
      }
    }
  }

  // A command that the library sends itself makes it learn where the slots are now.
  async #findMaster(key: string): Promise<void> {
    await this.#cluster.sendCommand(key, false, ["EXISTS", key]);
  }

  #writesTo(node: Node): (call: Call) => Promise<Written> {
    let write = this.#writes.get(node);
    if (write === undefined) {
      write = writesTo({ sendCommand: (command) => node.sendCommand(command) }, this.#options.durability);
      this.#writes.set(node, write);
    }
    return write;
  }
}

function isMoved(error: unknown): boolean {
  return error instanceof Error && /^Redis: (MOVED|ASK) /.test(error.message);
}
