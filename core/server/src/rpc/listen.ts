import { lookup } from "node:dns/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Listen } from "../config.ts";

export interface Listening {
  readonly port: number;
  /** No further connections. Resolves when those that came are over. */
  close(): Promise<void>;
}

/** A name may mean an address family that this machine has not. */
const ABSENT: ReadonlySet<string | undefined> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/** Listens on all addresses of a name, with one port. `come` gets connections from which nothing was read. */
export async function listenOn({ host, port }: Listen, come: (socket: Socket) => void): Promise<Listening> {
  const servers: Server[] = [];
  let bound = port;
  let absent: unknown;
  try {
    for (const { address } of await lookup(host, { all: true })) {
      const server = createServer({ pauseOnConnect: true, noDelay: true }, come);
      try {
        bound = await bind(server, address, bound);
        servers.push(server);
      } catch (error) {
        if (!ABSENT.has((error as NodeJS.ErrnoException).code)) throw error;
        absent = error;
      }
    }
    if (servers.length === 0) throw absent;
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return { port: bound, close: async () => void (await Promise.all(servers.map(ended))) };
}

function ended(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
