import { createServer, type Server, type ServerOptions, STATUS_CODES } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
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
  /** Milliseconds after which who takes nothing of his answer is let go. Absent: 30 s. */
  readonly stalledMs?: number;
  /** Connections at a time. Absent: 256. */
  readonly maxConnections?: number;
}

/** A listener that answers. */
export interface WebListening {
  /** The one it listens on. */
  readonly port: number;
  /** Takes nothing new, waits for calls in flight, at most so long, then ends them. */
  close(withinMs: number): Promise<void>;
}

const MAX_CONNECTIONS = 256;
/** Calls of one connection that wait behind each other: browsers and proxies send the next when the one before is over. */
export const MAX_PIPELINED = 16;
const STALLED_MS = 30_000;
const HTTP: ServerOptions = {
  // Who vanished without a word is noticed by the kernel, also behind a stream with nothing to tell.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
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
  const { tls, stalledMs = STALLED_MS, maxConnections = MAX_CONNECTIONS } = place;
  const server: Server =
    tls === undefined
      ? createServer(HTTP)
      : createSecureServer({ ...HTTP, cert: Buffer.from(tls.cert), key: Buffer.from(tls.key), minVersion: "TLSv1.3" });
  server.maxConnections = maxConnections;
  const port = await bind(server, place);
  const bridge = bridgeAt(port);
  const calls = new WeakMap<Socket, number>();
  server.on("request", (request, response) => {
    const { socket } = request;
    const before = calls.get(socket) ?? 0;
    if (before >= MAX_PIPELINED) return void socket.destroy();
    calls.set(socket, before + 1);
    response.once("close", () => calls.set(socket, (calls.get(socket) ?? 0) - 1));
    void bridge.answer(request, response);
  });
  // A stream with nothing to tell is quiet, too: only who leaves what was sent to him lying about is let go. What came
  // while this process did not run is read first.
  server.setTimeout(stalledMs, (socket) => {
    const { bytesRead } = socket;
    setImmediate(() => {
      const listens = (calls.get(socket) ?? 0) > 0 && socket.writableLength === 0;
      if (!listens && socket.bytesRead === bytesRead) socket.destroy();
    });
  });
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
