import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Lies between a replica and its master, until it is pulled: then nothing passes, and neither end is told. */
export interface SilentCable {
  readonly port: number;
  pull(): void;
  stop(): Promise<void>;
}

export async function laySilentCable(target: number): Promise<SilentCable> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    pull: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
