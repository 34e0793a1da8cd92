import { createServer, type Server, type ServerOptions, STATUS_CODES } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { HttpRefusal } from "./refusal-of.ts";
import type { WebBridge } from "./web-bridge.ts";

/** Where to listen. */
export interface WebPlace {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM of chain and key, for TLS 1.3. Undefined: plaintext. */
  readonly tls?: { readonly cert: Uint8Array; readonly key: Uint8Array } | undefined;
}

export interface WebListening {
  readonly port: number;
  /** Takes nothing new, waits for calls in flight, at most so long, then ends them. */
  close(withinMs: number): Promise<void>;
}

const MAX_CONNECTIONS = 256;
const HTTP: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
};

/**
 * Serves a bridge over HTTP/1.1. `bridgeAt` makes it, once the port is known and before anybody is answered. Rejects when
 * the address cannot be had.
 */
export async function listenWeb(place: WebPlace, bridgeAt: (port: number) => WebBridge): Promise<WebListening> {
  const { tls } = place;
  const server: Server =
    tls === undefined
      ? createServer(HTTP)
      : createSecureServer({ ...HTTP, cert: Buffer.from(tls.cert), key: Buffer.from(tls.key), minVersion: "TLSv1.3" });
  server.maxConnections = MAX_CONNECTIONS;
  const port = await bind(server, place);
  const bridge = bridgeAt(port);
  server.on("request", (request, response) => void bridge.answer(request, response));
  server.on("upgrade", (request, socket) => refuseRaw(socket, bridge.refuseUpgrade(request)));
  return { port, close: (withinMs) => close(server, withinMs) };
}

function bind(server: Server, { host, port }: WebPlace): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: host.includes(":") }, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function refuseRaw(socket: Duplex, { code, message }: HttpRefusal): void {
  socket.on("error", () => socket.destroy());
  const head = `HTTP/1.1 ${code} ${STATUS_CODES[code]}`;
  const fields = `Connection: close\r\nVary: Origin\r\nContent-Type: text/plain\r\nContent-Length: ${message.length + 1}`;
  socket.end(`${head}\r\n${fields}\r\n\r\n${message}\n`, () => socket.destroy());
}

function close(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), withinMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
