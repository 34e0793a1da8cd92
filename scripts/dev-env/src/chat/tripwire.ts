import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Where the wire is strung: at a request on its way to the provider, or at its answer on the way back. */
export type Side = "before" | "after";

/** Between a bot and its provider: passes bytes on, and trips once at the moment it was armed for. */
export interface Tripwire {
  /** Where the bot finds the provider. */
  readonly port: number;
  /**
   * From now on, the `nth` request that holds `pattern` trips it: before, and the provider never hears of it; or after,
   * when the provider has answered and the bot has not heard it. `trip` must end the victim for good before it returns.
   * Resolves when it has tripped.
   */
  arm(at: { readonly pattern: Uint8Array; readonly nth: number; readonly side: Side }, trip: () => void): Promise<void>;
  stop(): Promise<void>;
}

interface Armed {
  readonly pattern: Buffer;
  readonly side: Side;
  readonly trip: () => void;
  readonly tripped: () => void;
  left: number;
}

/** Strings a wire before the provider at this port of loopback. */
export async function startTripwire(providerPort: number): Promise<Tripwire> {
  let armed: Armed | undefined;
  const open = new Set<Socket>();
  const server = createServer((bot) => {
    const provider = connect(providerPort, "127.0.0.1");
    for (const socket of [bot, provider]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket)).on("error", () => undefined);
    }
    let answers: Armed | undefined;
    const seen = new Occurrences();
    bot.on("data", (chunk) => {
      if (armed !== undefined && seen.reached(armed, chunk)) {
        const now = armed;
        armed = undefined;
        if (now.side === "after") answers = now;
        else return cut(now, bot, provider);
      }
      provider.write(chunk);
    });
    provider.on("data", (chunk) => {
      if (answers !== undefined) return cut(answers, bot, provider);
      bot.write(chunk);
    });
    bot.once("close", () => provider.end());
    provider.once("close", () => bot.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    arm: ({ pattern, nth, side }, trip) =>
      new Promise((resolve) => {
        armed = { pattern: Buffer.from(pattern), side, trip, tripped: resolve, left: nth };
      }),
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** A pattern may be cut in two by the network: the end of what went before is kept. */
class Occurrences {
  #tail = Buffer.alloc(0);

  /** Counts the pattern in what a bot sends; true when the armed number is reached. */
  reached(armed: Armed, chunk: Buffer): boolean {
    const text = Buffer.concat([this.#tail, chunk]);
    for (let at = text.indexOf(armed.pattern); at >= 0; at = text.indexOf(armed.pattern, at + 1)) armed.left -= 1;
    this.#tail = text.subarray(Math.max(0, text.length - armed.pattern.length + 1));
    return armed.left <= 0;
  }
}

function cut(armed: Armed, ...sockets: Socket[]): void {
  armed.trip();
  for (const socket of sockets) socket.destroy();
  armed.tripped();
}
