import type { Logger } from "pino";
import type { DaemonConfig } from "./config.ts";
import { watchHid } from "./key/hid-source.ts";
import { KeyRegistry } from "./key/key-registry.ts";
import { watchSocket } from "./key/socket-source.ts";
import { deviceService } from "./service/device-service.ts";
import { openPrompt } from "./prompt/open-prompt.ts";
import { type Listening, listenOnSocket } from "./socket-server.ts";
import type { ServingPages } from "./web/serve-pages.ts";
import { type PageGiven, startPages } from "./web/start-pages.ts";

/** A daemon that runs. */
export interface Daemon {
  /** Port where pages are answered; undefined: nowhere. */
  readonly webPort: number | undefined;
  /** Stops serving and lets go of all keys. */
  close(): Promise<void>;
}

/**
 * Serves clients and looks for keys. Rejects with SocketPlaceError where the socket's place is not private, and where pages
 * are to be served with PairingFileError or when the port is taken.
 */
export async function startDaemon(config: DaemonConfig, log: Logger): Promise<Daemon> {
  const registry = new KeyRegistry(log);
  const prompt = openPrompt(config.pinentry);
  const device = deviceService(registry, log, prompt);
  const listening = await listenOnSocket(config.socket, device);
  const pages = await openPages(config, { device, prompt, log }, listening);
  const stopping = new AbortController();
  const patience = config.keyPatience;
  const sources = [
    ...config.keySockets.map((path) => watchSocket({ path, patience }, "countersign", registry, stopping.signal)),
    ...config.fidoSockets.map((path) => watchSocket({ path, patience }, "fido2", registry, stopping.signal)),
  ];
  if (config.hid) sources.push(watchHid({ registry, log }, stopping.signal));
  return {
    webPort: pages?.port,
    close: async () => {
      stopping.abort();
      await Promise.all([listening.close(), pages?.close(), ...sources]);
    },
  };
}

async function openPages(
  { web }: DaemonConfig,
  given: PageGiven,
  listening: Listening,
): Promise<ServingPages | undefined> {
  if (web === undefined) return undefined;
  try {
    return await startPages(web, given);
  } catch (cause) {
    await listening.close();
    throw cause;
  }
}
