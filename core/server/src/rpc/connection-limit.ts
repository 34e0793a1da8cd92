// grpc-js hands out neither its listener nor a limit of its own; Node tells of every connection that is taken.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { networkOf } from "./network.ts";

const TAKEN = "net.server.socket";

/**
 * Ends connections to a port of this process above so many at a time. When all are taken, who has less than his share
 * gets the newest of who has most. The result lifts the limit.
 */
export function limitConnections(port: number, most: number): () => void {
  const open = new OpenConnections(most);
  const onTaken = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    if (socket.localPort === port) open.take(socket);
  };
  subscribe(TAKEN, onTaken);
  return () => void unsubscribe(TAKEN, onTaken);
}

class OpenConnections {
  readonly #most: number;
  /** By the network that they come from, the newest last; one without any has no entry. */
  readonly #from = new Map<string, Set<Socket>>();
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  take(socket: Socket): void {
    const network = networkOf(socket.remoteAddress ?? "");
    if (this.#size >= this.#most && !this.#makeRoom(this.#from.get(network)?.size ?? 0)) return void socket.destroy();
    const others = this.#from.get(network);
    if (others === undefined) this.#from.set(network, new Set([socket]));
    else others.add(socket);
    this.#size += 1;
    socket.once("close", () => this.#forget(network, socket));
  }

  /** For one who has so many. */
  #makeRoom(has: number): boolean {
    let [longest, most] = ["", new Set<Socket>()];
    for (const [network, sockets] of this.#from) if (sockets.size > most.size) [longest, most] = [network, sockets];
    const newest = [...most].at(-1);
    // He may not have more than the loser afterwards: two would take from each other for ever.
    if (newest === undefined || has >= most.size - 1) return false;
    newest.destroy();
    this.#forget(longest, newest);
    return true;
  }

  #forget(network: string, socket: Socket): void {
    const sockets = this.#from.get(network);
    if (sockets?.delete(socket) !== true) return;
    this.#size -= 1;
    if (sockets.size === 0) this.#from.delete(network);
  }
}
