import { createSentinel } from "redis";
import { linkError, withDeadline, type RedisLink } from "./redis-link.ts";
import { runScript, WriteBatch, type Sender } from "./sender.ts";
import { clientOptions, type LinkOptions } from "./standalone-link.ts";

/** A master with replicas that Sentinels watch; `name` is what they call it. The library follows the master. */
export async function openSentinelLink(options: LinkOptions, name: string): Promise<RedisLink> {
  const { username, password, socket } = clientOptions(options);
  const { deadlineMs, servers } = options;
  const sentinel = createSentinel({
    ...{ name, sentinelRootNodes: [...servers] },
    // Leases for writes, which wait for replicas; the rest for reads.
    ...{ masterPoolSize: 4, reserveClient: true, scanInterval: 1000, maxCommandRediscovers: 4 },
    nodeClientOptions: {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...{ socket, database: options.database, disableOfflineQueue: true },
    },
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
  const reads: Sender = { sendCommand: (command) => sentinel.sendCommand(false, command) };
  const batch = new WriteBatch(
    (work) => sentinel.use((leased) => work({ sendCommand: (command) => leased.sendCommand(false, command) })),
    options.durability,
  );
  const run = (command: readonly string[]): Promise<unknown> =>
    withDeadline(deadlineMs, command[0] ?? "", reads.sendCommand([...command]));
  return {
    deadlineMs,
    read: (call) => withDeadline(deadlineMs, "a read", runScript(reads, call)),
    write: (call) => withDeadline(deadlineMs, "a write", batch.write(call)),
    command: (_key, command) => run(command),
    everywhere: async (command) => [{ address: `master ${name}`, reply: await run(command) }],
    subscribe: async (channel, onMessage, onGap) => {
      await withDeadline(deadlineMs, "SUBSCRIBE", sentinel.subscribe(channel, onMessage));
      sentinel.on("topology-change", onGap);
    },
    close,
  };
}
