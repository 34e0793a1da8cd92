import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "@countersign/testing/child";

/** `open`: bytes pass. `shut`: connections are refused, as where nothing listens. `silent`: they are taken, and nothing passes or is answered. */
export type Position = "open" | "shut" | "silent";

/** On the line between a bot and its provider. */
export interface Valve {
  /** Where the bot finds the provider. */
  readonly port: number;
  /** Every connection that stands is cut, unless it stood so already; those to come find it as it is turned now. */
  turn(to: Position): Promise<void>;
  stop(): Promise<void>;
}

/** Puts a valve, open, before the provider at this port of loopback. */
export async function startValve(providerPort: number): Promise<Valve> {
  let position: Position = "open";
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.once("close", () => sockets.delete(socket)).on("error", () => undefined);
  };
  const server = createServer((bot) => {
    keep(bot);
    if (position === "silent") return void bot.resume();
    const provider = keep(connect(providerPort, "127.0.0.1"));
    bot.pipe(provider).pipe(bot);
    bot.once("close", () => provider.destroy());
    provider.once("close", () => bot.destroy());
  });
  // Reserved: it comes back after it was shut.
  const port = await freePort();
  await listen(server, port);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    turn: async (to) => {
      if (to === position) return;
      position = to;
      cut();
      if (to === "shut") await close(server);
      else if (!server.listening) await listen(server, port);
    },
    stop: async () => {
      cut();
      await close(server);
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(port, "127.0.0.1", () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}
