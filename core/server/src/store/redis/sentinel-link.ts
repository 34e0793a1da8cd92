import { createSentinel } from "redis";
import { linkError, withDeadline, type Call, type RedisLink } from "./redis-link.ts";
import { runDurably, runScript, waits, writesTo, type BatchResults, type Durability, type Sender } from "./sender.ts";
import { clientOptions, NO_TIMEOUT, type LinkOptions } from "./standalone-link.ts";

/** A master with replicas that Sentinels watch; `name` is what they call it. The library follows the master. */
export async function openSentinelLink(options: LinkOptions, name: string): Promise<RedisLink> {
  const { username, password, socket, commandsQueueMaxLength } = clientOptions(options);
  const { deadlineMs, servers } = options;
  const sentinel = createSentinel({
    ...{ name, sentinelRootNodes: [...servers] },
    // One connection for writes, which wait for replicas, one for reads.
    ...{ masterPoolSize: 2, reserveClient: true, scanInterval: 1000, maxCommandRediscovers: 4 },
    nodeClientOptions: {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...{
        socket,
        database: options.database,
        disableOfflineQueue: true,
        commandOptions: NO_TIMEOUT,
        commandsQueueMaxLength,
      },
    },
    commandOptions: NO_TIMEOUT,
    sentinelClientOptions: { socket },
  });
  sentinel.on("error", (error: Error) => options.onTrouble(error));
  sentinel.on("client-error", ({ error }: { error: Error }) => options.onTrouble(error));
  const close = async (): Promise<void> => {
    if (sentinel.isOpen) await sentinel.destroy();
  };
  try {
    await withDeadline(deadlineMs, "connect", sentinel.connect());
  } catch (error) {
    await close();
    throw linkError(error);
  }
  // Held as long as the link: the library builds a class of all commands for each lease, which takes milliseconds.
  const writer = await sentinel.acquire();
  const reads: Sender = { sendCommand: (command) => sentinel.sendCommand(false, command) };
  const send = async (calls: readonly Call[]): Promise<BatchResults> =>
    // oxlint-disable-next-line no-underscore-dangle -- the library's only way to the node behind a lease
    writer._execute(false, (node) => onOneNode(node, calls, options.durability));
  const write = writesTo({ sendCommand: (command) => writer.sendCommand(false, command) }, options.durability, send);
  const run = (command: readonly string[]): Promise<unknown> =>
    withDeadline(deadlineMs, command[0] ?? "", reads.sendCommand([...command]));
  return {
    deadlineMs,
    waits: waits(options.durability),
    read: (call) => withDeadline(deadlineMs, "a read", runScript(reads, call)),
    write: (call) => withDeadline(deadlineMs, "a write", write(call)),
    command: (_key, command) => run(command),
    everywhere: async (command) => [{ address: `master ${name}`, reply: await run(command) }],
    subscribe: async (channel, onMessage, onGap) => {
      await withDeadline(deadlineMs, "SUBSCRIBE", sentinel.subscribe(channel, onMessage));
      sentinel.on("topology-change", onGap);
    },
    close,
  };
}

// The library sends a command whose connection broke once more, to whichever master there is then. A WAIT that did so alone
// would count the replicas of a master that never had the script before it; so a batch stays on one node, or goes again
// whole, which its change records allow.
async function onOneNode(node: Sender, calls: readonly Call[], durability: Durability): Promise<BatchResults> {
  const results = await runDurably(node, calls, durability);
  const [first] = results;
  if (first?.status === "rejected" && results.every(({ status }) => status === "rejected")) throw first.reason;
  return results;
}
