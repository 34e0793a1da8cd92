import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Both ends of a connection in this process: what one of them writes lies at the other one at once, read or not. */
export interface SocketPair {
  readonly near: Socket;
  readonly far: Socket;
  readonly close: () => void;
}

export async function socketPair(): Promise<SocketPair> {
  const listening = createServer().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const near = connect((listening.address() as AddressInfo).port, "127.0.0.1");
  const [far] = (await once(listening, "connection")) as [Socket];
  listening.close();
  return { near, far, close: () => void (near.destroy(), far.destroy()) };
}

/** As a process is held that the system does not let run. */
export function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
