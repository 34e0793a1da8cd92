import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server as NetServer } from "node:net";
import { dirname } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { DeviceServiceService, type DeviceServiceServer } from "@countersign/proto/node/device/v1/device_service";

/** The place of the socket is not safe: somebody else could reach it. */
export class SocketPlaceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SocketPlaceError";
  }
}

/** Largest gRPC message the daemon takes, in bytes: a Sign has 1600 of content at most. */
const MAX_RECEIVE = 16 * 1024;

/** A daemon that answers on a Unix socket. */
export interface Listening {
  close(): Promise<void>;
}

/**
 * Serves DeviceService on a Unix socket that only this user can open: folder 0700 and socket 0600, both his own. Node has
 * no peer-credential call, so owner and modes carry the rule. Rejects with SocketPlaceError where they do not hold.
 */
export async function listenOnSocket(path: string, service: DeviceServiceServer): Promise<Listening> {
  prepareFolder(dirname(path));
  await removeStale(path);
  const grpc = new Server({ "grpc.max_receive_message_length": MAX_RECEIVE, "grpc.max_concurrent_streams": 100 });
  grpc.addService(DeviceServiceService, service);
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  let clients = 0;
  const net = createServer((socket) => {
    // A Unix peer has no address. A number of our own tells clients apart: `getPeer()` of a call gives it back.
    Object.defineProperty(socket, "remoteAddress", { value: `client-${++clients}` });
    injector.injectConnection(socket);
  });
  await listenPrivately(net, path);
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => net.close(() => resolve()));
      injector.drain(0);
      injector.destroy();
      grpc.forceShutdown();
      await closed;
    },
  };
}

function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory()) throw new SocketPlaceError(`${folder} must be a folder, not a link or file`);
  if (found.uid !== process.getuid?.()) {
    throw new SocketPlaceError(`${folder} belongs to uid ${found.uid}; give --socket a folder of your own`);
  }
  if ((found.mode & 0o077) !== 0) {
    throw new SocketPlaceError(`${folder} is open to other users; close it: chmod 700 ${folder}`);
  }
}

// A socket that nobody serves is a leftover of a crash; one that answers belongs to a running daemon.
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new SocketPlaceError(`${path} is no socket; remove it or give --socket another path`);
  if (await answers(path)) throw new SocketPlaceError(`a daemon already serves ${path}`);
  rmSync(path);
}

async function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}

async function listenPrivately(net: NetServer, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    net.once("error", reject).listen(path, resolve);
  });
  chmodSync(path, 0o600);
  const made = lstatSync(path);
  if (made.uid !== process.getuid?.() || (made.mode & 0o777) !== 0o600) {
    net.close();
    throw new SocketPlaceError(`${path} could not be made private (0600); give --socket a path on a local file system`);
  }
}
