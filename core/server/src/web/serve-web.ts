import { readFileSync } from "node:fs";
import { listenWeb, MAX_PIPELINED, type Admitted, type Arriving, type WebPlace } from "@countersign/web-bridge";
import { status, type StatusObject } from "@grpc/grpc-js";
import type { TlsFiles, WebConfig } from "../config.ts";
import { MAX_REQUEST_BYTES, type Service } from "../rpc/server.ts";
import { limitConnections } from "../rpc/connection-limit.ts";
import { scanned } from "../rpc/scanned-definition.ts";
import { consoleFolder, consoleOrigins } from "./console-place.ts";
import { isOfAdministrators, isOffered } from "./offered.ts";
import { Site } from "./site.ts";
import { SiteBridge } from "./site-bridge.ts";

export interface WebServing {
  /** HOST:PORT as bound. */
  readonly address: string;
  /** The console's pages are served there. */
  readonly hasConsole: boolean;
  /** Waits for calls in flight, at most so long, then ends them. */
  close(withinMs: number): Promise<void>;
}

/** Connections of pages at a time, of which every network has its share. */
const MAX_WEB_CONNECTIONS = 256;

/**
 * Serves what clients of users may call to pages of the listed origins, by gRPC-Web. Programs, which send no origin, may
 * call as well. Tokens rule as on the other listener. Where there is a console its pages lie beside, and they alone call what
 * is for administrators. Rejects when the address is taken or a TLS file cannot be used.
 */
export async function serveWeb(
  services: readonly Service[],
  config: WebConfig & { readonly tls: TlsFiles | undefined },
): Promise<WebServing> {
  const { listen, tls } = config;
  const folder = consoleFolder(config.console, listen);
  const site = folder === undefined ? undefined : new Site(folder);
  const place: WebPlace = {
    ...listen,
    tls: tls && { cert: readFileSync(tls.cert), key: readFileSync(tls.key) },
    // The limit that shares out is the lower one: this one is for what comes in a moment.
    maxConnections: 2 * MAX_WEB_CONNECTIONS,
  };
  const listening = await listenWeb(place, (port) => bridgeOf(services, config, site, port));
  const unlimit = limitConnections(listening.port, MAX_WEB_CONNECTIONS);
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return {
    address: `${host}:${listening.port}`,
    hasConsole: site !== undefined,
    close: async (withinMs) => {
      await listening.close(withinMs);
      unlimit();
    },
  };
}

function bridgeOf(
  services: readonly Service[],
  config: WebConfig & { readonly tls: TlsFiles | undefined },
  site: Site | undefined,
  port: number,
): SiteBridge {
  const own =
    site === undefined
      ? new Set<string>()
      : consoleOrigins(config.consoleOrigins, config.listen, { port, isTls: config.tls !== undefined });
  const options = {
    services: services.map(({ definition, implementation }) => ({ definition: scanned(definition), implementation })),
    // `Host` is not judged: behind a proxy it is the proxy's, and a page that rebinds its own name still has no token.
    rules: {
      origins: new Set([...config.origins, ...own]),
      ...{ withoutOrigin: true, text: true, maxMessage: MAX_REQUEST_BYTES },
    },
    offered: (path: string) => isOffered(path, site !== undefined),
    admit: (call: Arriving) => admit(call, own),
    // Connections are what is shared out: calls beside them would be one caller's to take.
    maxCalls: MAX_WEB_CONNECTIONS * MAX_PIPELINED,
  };
  return new SiteBridge(options, site);
}

/** What is for administrators is there for the console's own pages: for others there is no such method. */
function admit({ path, origin, remote }: Arriving, own: ReadonlySet<string>): Admitted | Partial<StatusObject> {
  if (!isOfAdministrators(path) || (origin !== undefined && own.has(origin))) return { peer: remote };
  return { code: status.UNIMPLEMENTED, details: `there is no method ${path} over gRPC-Web` };
}
