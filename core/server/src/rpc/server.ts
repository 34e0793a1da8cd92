import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Socket } from "node:net";
import tls from "node:tls";
import {
  Server,
  ServerCredentials,
  type ServerOptions,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import type { Listen, TlsFiles } from "../config.ts";
import { limitConnections } from "./connection-limit.ts";
import type { ConnectionObserver } from "./connection-observer.ts";
import { Doorway } from "./doorway.ts";
import { FloodGuard } from "./flood-guard.ts";
import { listenOn } from "./listen.ts";
import { scanned } from "./scanned-definition.ts";

/** A service that the core offers. */
export interface Service {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface ServeOptions {
  readonly listen: Listen;
  readonly tls: TlsFiles | undefined;
  readonly maxStreams: number;
  readonly reflection: boolean;
  /** Connections at a time, of which every network has its share. Absent: MAX_CONNECTIONS. */
  readonly maxConnections?: number;
  readonly connections?: ConnectionObserver | undefined;
  /** Monotonic milliseconds, by which floods are forgotten. Absent: those of the process. */
  readonly now?: () => number;
}

export interface Serving {
  /** HOST:PORT as bound. */
  readonly address: string;
  /** Tells load balancers to go elsewhere; calls are still answered. */
  setNotServing(): void;
  /** Waits for calls in flight, at most so long, then ends them. */
  close(withinMs: number): Promise<void>;
}

/** Every request is smaller: content is at most 1600 bytes, a statement at most 1024. */
export const MAX_REQUEST_BYTES: number = 64 * 1024;

/** Idle ones cost some 50 kB each. */
export const MAX_CONNECTIONS = 4096;

// What each holds a hostile client to: docs/how-to/survive-overload.md section 2.
function serverOptions(maxStreams: number): ServerOptions {
  return {
    "grpc.max_receive_message_length": MAX_REQUEST_BYTES,
    "grpc.max_concurrent_streams": maxStreams,
    "grpc-node.max_session_memory": 64,
    "grpc.max_metadata_size": 16 * 1024,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.max_connection_age_ms": 600_000,
    "grpc.max_connection_age_grace_ms": 5000,
    "grpc.enable_channelz": 0,
  };
}

/** Serves until closed. Rejects when the address is taken or a TLS file cannot be used. */
export async function serve(services: readonly Service[], options: ServeOptions): Promise<Serving> {
  const server = new Server(serverOptions(options.maxStreams));
  for (const { definition, implementation } of services) server.addService(scanned(definition), implementation);
  const names = ["", ...services.map(({ definition }) => nameOf(definition))];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, "SERVING"])));
  health.addToServer(server);
  if (options.reflection) addReflection(server);
  const door = await openDoor(server, options);
  const { host } = options.listen;
  return {
    address: `${host.includes(":") ? `[${host}]` : host}:${door.port}`,
    setNotServing: () => {
      for (const name of names) health.setStatus(name, "NOT_SERVING");
    },
    close: async (withinMs) => {
      await close(server, door, withinMs);
      door.forget();
    },
  };
}

interface Door {
  readonly port: number;
  /** Nobody comes in any more. Resolves when all who came in are gone. */
  close(): Promise<void>;
  /** Ends the connections of all who came in. */
  end(): void;
  /** Undoes what was set up beside them. */
  forget(): void;
}

/** Not by grpc-js itself, which would greet everybody who comes. */
async function openDoor(server: Server, options: ServeOptions): Promise<Door> {
  const injector = server.createConnectionInjector(credentials(options.tls));
  const guard = new FloodGuard(options.maxStreams, options.connections, options.now);
  const letIn = (socket: Socket): void => {
    guard.watch(socket);
    injector.injectConnection(socket);
    // It came paused; from here on what comes is the session's or that of TLS.
    socket.read(0);
  };
  const doorway = new Doorway<Socket>(guard, letIn, options.connections);
  const listening = await listenOn(options.listen, (socket) => {
    // A connection that breaks while it waits; later those who own it listen too.
    socket.on("error", () => socket.destroy());
    doorway.come(socket);
  });
  const { port } = listening;
  const unlimit = limitConnections(port, options.maxConnections ?? MAX_CONNECTIONS);
  return {
    port,
    close: () => {
      doorway.close();
      return listening.close();
    },
    end: () => guard.endAll(),
    forget: () => {
      unlimit();
      guard.close();
    },
  };
}

function credentials(files: TlsFiles | undefined): ServerCredentials {
  if (files === undefined) return ServerCredentials.createInsecure();
  // grpc-js has no option for it; the default holds for the whole process, which serves nothing else.
  tls.DEFAULT_MIN_VERSION = "TLSv1.3";
  const ca = files.clientCa === undefined ? null : readFileSync(files.clientCa);
  const pair = { private_key: readFileSync(files.key), cert_chain: readFileSync(files.cert) };
  return ServerCredentials.createSsl(ca, [pair], ca !== null);
}

function close(server: Server, door: Door, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      door.end();
      resolve();
    }, withinMs);
    // grpc-js waits for connections that it took in itself; these are the door's.
    const ended = new Promise<void>((done) => server.tryShutdown(() => done()));
    void Promise.all([door.close(), ended])
      .finally(() => clearTimeout(timer))
      .then(() => resolve());
  });
}

function nameOf(definition: ServiceDefinition): string {
  const [method] = Object.values(definition);
  return method?.path.split("/")[1] ?? "";
}

/** From the committed descriptor set: each file is field 1 of it, a length and so many bytes. */
function addReflection(server: Server): void {
  const set = readFileSync(fileURLToPath(import.meta.resolve("@countersign/proto/descriptor.binpb")));
  const files: Buffer[] = [];
  for (let at = 0; at < set.length;) {
    if (set[at] !== 0x0a) throw new Error("descriptor.binpb is no descriptor set. Fix: npm run generate");
    let length = 0;
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      at += 1;
      byte = set[at] ?? 0;
      length |= (byte & 0x7f) << shift;
    }
    files.push(set.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  new ReflectionService({
    "": { format: "Protocol Buffer 3 DescriptorProto", type: {}, fileDescriptorProtos: files },
  }).addToServer(server);
}
