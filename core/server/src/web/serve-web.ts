import { readFileSync } from "node:fs";
import { listenWeb, MAX_PIPELINED, WebBridge, type WebPlace } from "@countersign/web-bridge";
import type { TlsFiles, WebConfig } from "../config.ts";
import { MAX_REQUEST_BYTES, type Service } from "../rpc/server.ts";
import { limitConnections } from "../rpc/connection-limit.ts";
import { scanned } from "../rpc/scanned-definition.ts";
import { isOffered } from "./offered.ts";

export interface WebServing {
  /** HOST:PORT as bound. */
  readonly address: string;
  /** Waits for calls in flight, at most so long, then ends them. */
  close(withinMs: number): Promise<void>;
}

/** Connections of pages at a time, of which every network has its share. */
const MAX_WEB_CONNECTIONS = 256;

/**
 * Serves what clients of users may call to pages of the listed origins, by gRPC-Web. Programs, which send no origin, may
 * call as well. Tokens rule as on the other listener. Rejects when the address is taken or a TLS file cannot be used.
 */
export async function serveWeb(
  services: readonly Service[],
  { listen, origins, tls }: WebConfig & { readonly tls: TlsFiles | undefined },
): Promise<WebServing> {
  const bridge = new WebBridge({
    services: services.map(({ definition, implementation }) => ({
      definition: scanned(definition),
      implementation,
    })),
    // `Host` is not judged: behind a proxy it is the proxy's, and a page that rebinds its own name still has no token.
    rules: { origins: new Set(origins), withoutOrigin: true, text: true, maxMessage: MAX_REQUEST_BYTES },
    offered: isOffered,
    // Connections are what is shared out: calls beside them would be one caller's to take.
    maxCalls: MAX_WEB_CONNECTIONS * MAX_PIPELINED,
  });
  const place: WebPlace = {
    ...listen,
    tls: tls && { cert: readFileSync(tls.cert), key: readFileSync(tls.key) },
    // The limit that shares out is the lower one: this one is for what comes in a moment.
    maxConnections: 2 * MAX_WEB_CONNECTIONS,
  };
  const listening = await listenWeb(place, () => bridge);
  const unlimit = limitConnections(listening.port, MAX_WEB_CONNECTIONS);
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return {
    address: `${host}:${listening.port}`,
    close: async (withinMs) => {
      await listening.close(withinMs);
      unlimit();
    },
  };
}
