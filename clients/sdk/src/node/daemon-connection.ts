import { Client, credentials } from "@grpc/grpc-js";
import { daemonOver } from "../daemon-calls.ts";
import type { DaemonConnection } from "../key-place.ts";
import { grpcPort } from "./grpc-port.ts";

/** Opens the socket at `path` (an absolute path, or `unix:` and a path); nothing is sent yet. */
export function openDaemon(path: string): DaemonConnection {
  const address = path.startsWith("unix:") ? path : `unix:${path}`;
  const client = new Client(address, credentials.createInsecure(), { "grpc.enable_retries": 0 });
  return daemonOver(grpcPort(client), () => client.close());
}
