import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Listen, TlsFiles } from "../config.ts";
import { healthAnswer, pageOf, readyAnswer, refusalAnswer, type AdminAnswer, type Page } from "./admin-answer.ts";
import type { Unready } from "./readiness.ts";

/** Where its pages come from. */
export interface AdminSources {
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  /** Empty: ready. */
  readonly unready: () => Promise<readonly Unready[]>;
}

export interface AdminServing {
  /** HOST:PORT as bound. */
  readonly address: string;
  /** Ends everything at once: nobody's work depends on an answer here. */
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 32;
/** From the request's end until the last byte of the answer was taken. */
const ANSWER_WITHIN_MS = 10_000;
const HTTP: ServerOptions = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};

/**
 * Serves /metrics, /healthz and /readyz by HTTP/1.1, one request a connection: without tls in plaintext, which the
 * configuration allows on loopback alone. Rejects when the address is taken or a TLS file cannot be used.
 */
export async function serveAdmin(
  { listen, tls }: { readonly listen: Listen; readonly tls: TlsFiles | undefined },
  sources: AdminSources,
): Promise<AdminServing> {
  const server = tls === undefined ? createServer(HTTP) : createSecureServer({ ...HTTP, ...credentials(tls) });
  server.maxConnections = MAX_CONNECTIONS;
  const desk = new AdminDesk(sources);
  server.on("request", (request, response) => void desk.answer(request, response));
  const { host } = listen;
  const port = await bind(server, listen);
  return { address: `${host.includes(":") ? `[${host}]` : host}:${port}`, close: () => close(server) };
}

function credentials({ cert, key, clientCa }: TlsFiles) {
  const own = { cert: readFileSync(cert), key: readFileSync(key), minVersion: "TLSv1.3" } as const;
  return clientCa === undefined
    ? own
    : { ...own, ca: readFileSync(clientCa), requestCert: true, rejectUnauthorized: true };
}

class AdminDesk {
  readonly #sources: AdminSources;
  readonly #scrape: () => Promise<string>;

  constructor(sources: AdminSources) {
    this.#sources = sources;
    this.#scrape = sharing(() => sources.metrics.text());
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    // Who sends a body is not read out, who reads slowly is not waited for.
    const slow = setTimeout(() => request.socket.destroy(), ANSWER_WITHIN_MS);
    response.once("close", () => clearTimeout(slow));
    const page = pageOf(method, url);
    const { code, type, body } = await this.#page(page).catch(() => FAILED);
    if (response.destroyed) return;
    response.writeHead(code, {
      "Content-Type": type,
      "Content-Length": Buffer.byteLength(body),
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      Connection: "close",
      ...(page === 405 ? { Allow: "GET, HEAD" } : {}),
    });
    response.end(method === "HEAD" ? "" : body);
  }

  async #page(page: Page | 404 | 405): Promise<AdminAnswer> {
    switch (page) {
      case 404:
      case 405:
        return refusalAnswer(page);
      case "health":
        await new Promise(setImmediate); // the loop turns
        return healthAnswer();
      case "ready":
        return readyAnswer(await this.#sources.unready());
      case "metrics":
        return { code: 200, type: this.#sources.metrics.contentType, body: await this.#scrape() };
    }
  }
}

/** Makes it once for all who ask while it is being made. */
export function sharing<T>(make: () => Promise<T>): () => Promise<T> {
  let making: Promise<T> | undefined;
  return () => (making ??= make().finally(() => (making = undefined)));
}

const FAILED: AdminAnswer = { code: 500, type: "text/plain; charset=utf-8", body: "failed\n" };

function bind(server: Server, { host, port }: Listen): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: host.includes(":") }, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
