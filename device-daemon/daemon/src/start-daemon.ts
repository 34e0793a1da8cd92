import type { Logger } from "pino";
import type { DaemonConfig } from "./config.ts";
import { watchHid } from "./key/hid-source.ts";
import { KeyRegistry } from "./key/key-registry.ts";
import { watchSocket } from "./key/socket-source.ts";
import { deviceService } from "./service/device-service.ts";
import { openPrompt } from "./prompt/open-prompt.ts";
import { listenOnSocket } from "./socket-server.ts";

/** A daemon that runs. */
export interface Daemon {
  /** Stops serving and lets go of all keys. */
  close(): Promise<void>;
}

/** Serves clients and looks for keys. Rejects with SocketPlaceError where the socket's place is not private. */
export async function startDaemon(config: DaemonConfig, log: Logger): Promise<Daemon> {
  const registry = new KeyRegistry(log);
  const listening = await listenOnSocket(config.socket, deviceService(registry, log, openPrompt(config.pinentry)));
  const stopping = new AbortController();
  const sources = [
    ...config.keySockets.map((path) => watchSocket(path, "countersign", registry, stopping.signal)),
    ...config.fidoSockets.map((path) => watchSocket(path, "fido2", registry, stopping.signal)),
  ];
  if (config.hid) sources.push(watchHid({ registry, log }, stopping.signal));
  return {
    close: async () => {
      stopping.abort();
      await Promise.all([listening.close(), ...sources]);
    },
  };
}
