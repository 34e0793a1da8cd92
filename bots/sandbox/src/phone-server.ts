import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Phone } from "./phone.ts";

/** What the person can do on the page and over REST. */
interface PersonsActions {
  send(text: string, locale: string): void;
  /** False when he sees no such button. */
  press(messageId: string, buttonId: string, locale: string): boolean;
}

/** A phone that is reachable. */
export interface PhoneServer {
  /** `http://127.0.0.1:port`. */
  readonly address: string;
  stop(): Promise<void>;
}

const LONG_POLL_MS = 25_000;
const LONGEST_BODY = 16_384;

// Beside the source in both layouts: src/ and dist/ are siblings, and src/ is published too.
const page = (name: string): Uint8Array => readFileSync(new URL(`../src/page/${name}`, import.meta.url));
const FILES: Readonly<Record<string, { readonly type: string; readonly body: Uint8Array }>> = {
  "/": { type: "text/html; charset=utf-8", body: page("phone.html") },
  "/phone.css": { type: "text/css; charset=utf-8", body: page("phone.css") },
  "/phone.js": { type: "text/javascript; charset=utf-8", body: page("phone.js") },
  "/favicon.svg": { type: "image/svg+xml", body: page("favicon.svg") },
};

const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** Serves page and REST on loopback: `GET /messages[?after=V]`, `POST /send`, `POST /press`, as the fake Telegram's phone. */
export async function startPhoneServer(port: number, phone: Phone, person: PersonsActions): Promise<PhoneServer> {
  // A connection is its client's to close: one that the server closed as idle could have the next request on its way.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    serve(request, response, phone, person).catch(() => response.destroy());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  phone: Phone,
  person: PersonsActions,
): Promise<void> {
  const host = `127.0.0.1:${request.socket.localPort}`;
  const url = new URL(request.url ?? "/", `http://${host}`);
  // Another site's page must neither read the code nor act: a foreign name in Host is DNS rebinding, a foreign Origin a
  // form or fetch of its own.
  const { origin } = request.headers;
  const foreign = request.headers.host !== host || (origin !== undefined && origin !== `http://${host}`);
  if (foreign) return reply(response, 403, { error: "this phone is for pages of its own only" });
  const asked = `${request.method} ${url.pathname}`;
  if (asked === "GET /messages") return readMessages(url, response, phone);
  if (asked === "POST /send" || asked === "POST /press") return act(asked, request, response, person);
  const file = request.method === "GET" ? FILES[url.pathname] : undefined;
  if (file === undefined) return reply(response, 404, { error: `no ${asked} here` });
  response.writeHead(200, { ...HEADERS, "content-type": file.type }).end(file.body);
  return undefined;
}

async function readMessages(url: URL, response: ServerResponse, phone: Phone): Promise<void> {
  const after = url.searchParams.get("after");
  if (after !== null) {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    await phone.changedAfter(Number(after), AbortSignal.any([gone.signal, AbortSignal.timeout(LONG_POLL_MS)]));
  }
  reply(response, 200, url.searchParams.get("view") === "page" ? phone.page() : phone.view());
}

async function act(
  asked: string,
  request: IncomingMessage,
  response: ServerResponse,
  person: PersonsActions,
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined)
    return reply(response, 400, { error: "the body must be a JSON object of type application/json" });
  const { text, messageId, buttonId } = body;
  const locale = typeof body["locale"] === "string" ? body["locale"] : "en";
  if (asked === "POST /send") {
    if (typeof text !== "string" || text.trim() === "") return reply(response, 400, { error: "text must be a string" });
    person.send(text, locale);
  } else if (!person.press(String(messageId), String(buttonId), locale)) {
    return reply(response, 400, { error: "the person sees no such button" });
  }
  return reply(response, 200, { ok: true });
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  // A form of another site can only send simple types.
  if (request.headers["content-type"]?.split(";")[0] !== "application/json") return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > LONGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...HEADERS, "content-type": "application/json" }).end(JSON.stringify(body));
}
