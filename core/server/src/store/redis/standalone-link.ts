import { createClient, type RedisClientOptions } from "redis";
import { linkError, withDeadline, type Call, type RedisLink, type Written } from "./redis-link.ts";
import { runScript, waits, writesTo, type Durability, type Sender } from "./sender.ts";

/** How the servers are reached. */
export interface LinkOptions {
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  /** Undefined: plaintext. `ca`: PEM text; undefined: the authorities that the system trusts. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly deadlineMs: number;
  readonly durability: Durability;
  /** Told of connections lost and found; the client library connects again by itself. */
  readonly onTrouble: (error: Error) => void;
}

/** Between two attempts to connect, in milliseconds. */
const MOST_PAUSE_MS = 500;

/** Each call has its deadline here; an AbortSignal a command, as the library makes it, costs as much as the rest of it. */
export const NO_TIMEOUT: { readonly timeout: number } = { timeout: 0 };

/** Commands of a connection that wait to be sent or answered: calls end at their deadline, what they sent stays till then. */
const MOST_QUEUED = 20_000;

/** What every connection has in common. */
export function clientOptions(options: LinkOptions): Omit<
  RedisClientOptions,
  "socket" | "modules" | "functions" | "scripts"
> & {
  socket: { connectTimeout: number; reconnectStrategy: (tries: number) => number; tls?: true; ca?: string };
  commandOptions: { timeout: number };
  commandsQueueMaxLength: number;
} {
  const { username, password, tls, deadlineMs } = options;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    disableOfflineQueue: true, // better an error now than a command that runs when nobody waits for it
    commandOptions: NO_TIMEOUT,
    commandsQueueMaxLength: MOST_QUEUED,
    maintNotifications: "disabled",
    socket: {
      connectTimeout: deadlineMs,
      reconnectStrategy: (tries) => Math.min(25 * 2 ** tries, MOST_PAUSE_MS),
      ...(tls === undefined ? {} : { tls: true as const }),
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    },
  };
}

function newClient(options: LinkOptions) {
  const [server] = options.servers;
  const common = clientOptions(options);
  const client = createClient({
    ...common,
    database: options.database,
    socket: { ...common.socket, host: server?.host ?? "127.0.0.1", port: server?.port ?? 6379 },
  });
  client.on("error", (error: Error) => options.onTrouble(error));
  return client;
}

/** One server: a connection for writes, which waits for replicas, one for reads, one for messages. */
export async function openStandaloneLink(options: LinkOptions): Promise<RedisLink> {
  const clients = [newClient(options), newClient(options), newClient(options)] as const;
  const [writer, reader, listener] = clients;
  const close = async (): Promise<void> => {
    for (const client of clients) if (client.isOpen) client.destroy();
  };
  try {
    await withDeadline(options.deadlineMs, "connect", Promise.all(clients.map((client) => client.connect())));
  } catch (error) {
    await close();
    throw linkError(error);
  }
  const writes: Sender = { sendCommand: (command) => writer.sendCommand(command) };
  const reads: Sender = { sendCommand: (command) => reader.sendCommand(command) };
  const write = writesTo(writes, options.durability);
  const { deadlineMs } = options;
  const [server] = options.servers;
  const address = `${server?.host ?? ""}:${server?.port ?? ""}`;
  return {
    deadlineMs,
    waits: waits(options.durability),
    read: (call: Call): Promise<unknown> => withDeadline(deadlineMs, "a read", runScript(reads, call)),
    write: (call: Call): Promise<Written> => withDeadline(deadlineMs, "a write", write(call)),
    command: (_key, command) => withDeadline(deadlineMs, command[0] ?? "", reads.sendCommand([...command])),
    everywhere: async (command) => [
      { address, reply: await withDeadline(deadlineMs, command[0] ?? "", reads.sendCommand([...command])) },
    ],
    subscribe: async (channel, onMessage, onGap) => {
      await withDeadline(deadlineMs, "SUBSCRIBE", listener.subscribe(channel, onMessage));
      listener.on("ready", onGap);
    },
    close,
  };
}
