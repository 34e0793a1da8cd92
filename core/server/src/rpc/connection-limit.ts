// grpc-js hands out neither its listener nor a limit of its own; Node tells of every connection that is taken.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

const TAKEN = "net.server.socket";

/** Ends connections to a port of this process above so many at a time, as they come. The result lifts the limit. */
export function limitConnections(port: number, most: number): () => void {
  const open = new Set<Socket>();
  const onTaken = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    if (socket.localPort !== port) return;
    if (open.size >= most) return void socket.destroy();
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  };
  subscribe(TAKEN, onTaken);
  return () => void unsubscribe(TAKEN, onTaken);
}
