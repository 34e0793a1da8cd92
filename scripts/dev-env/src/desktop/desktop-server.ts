import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { desktopPage, type Places } from "./desktop-page.ts";
import { bookedIn, type Booked } from "./ledger-view.ts";

/** The front page of a development installation. */
export interface Desktop {
  readonly address: string;
  stop(): Promise<void>;
}

const LONG_POLL_MS = 25_000;
const GLANCE_MS = 250;

const FILES: Readonly<Record<string, { readonly type: string; readonly body: Uint8Array }>> = {
  "/desktop.css": {
    type: "text/css; charset=utf-8",
    body: readFileSync(new URL("./page/desktop.css", import.meta.url)),
  },
  "/desktop.js": {
    type: "text/javascript; charset=utf-8",
    body: readFileSync(new URL("./page/desktop.js", import.meta.url)),
  },
  "/favicon.svg": { type: "image/svg+xml", body: readFileSync(new URL("./page/favicon.svg", import.meta.url)) },
};

const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** Serves the page on 127.0.0.1: `/`, `/key` and `/phone` lead on, `GET /ledger?after=N` waits for the next payment. */
export async function startDesktop(port: number, places: Places): Promise<Desktop> {
  // A connection is its client's to close: one that the server closed as idle could have the next request on its way.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const own = (server.address() as AddressInfo).port;
    serve(request, response, own, places).catch(() => response.destroy());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, port: number, places: Places): Promise<void> {
  const url = new URL(request.url ?? "/", `http://127.0.0.1:${port}`);
  const send = (status: number, type: string, body: string | Uint8Array): void => {
    response.writeHead(status, { ...HEADERS, "content-type": type }).end(body);
  };
  // Against DNS rebinding: another name in Host is another site's page.
  if (![`127.0.0.1:${port}`, `localhost:${port}`].includes(request.headers.host ?? "")) {
    return send(421, "text/plain", "this page answers to its loopback name only\n");
  }
  if (request.method !== "GET") return send(405, "text/plain", "this page is for reading\n");
  const file = FILES[url.pathname];
  if (file !== undefined) return send(200, file.type, file.body);
  switch (url.pathname) {
    case "/":
      return send(200, "text/html; charset=utf-8", desktopPage(places, bookedIn(places.ledger)));
    case "/key":
    case "/phone":
      response.writeHead(302, { ...HEADERS, location: url.pathname === "/key" ? places.key : places.phone }).end();
      return undefined;
    case "/ledger": {
      const booked = await bookedAfter(places.ledger, Number(url.searchParams.get("after") ?? "0"), response);
      return response.destroyed ? undefined : send(200, "application/json", JSON.stringify({ booked }));
    }
    default:
      return send(404, "text/plain", `there is no ${url.pathname} here\n`);
  }
}

/** All payments, as soon as there are more than `seen`, or after a while. */
async function bookedAfter(ledgerFile: string, seen: number, response: ServerResponse): Promise<Booked[]> {
  const until = performance.now() + LONG_POLL_MS;
  for (;;) {
    const booked = bookedIn(ledgerFile);
    if (booked.length > seen || response.destroyed || performance.now() > until) return booked;
    await wait(GLANCE_MS, undefined, { ref: false });
  }
}
