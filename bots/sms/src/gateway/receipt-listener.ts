import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** Takes the parameters of one delivery report; resolves with the HTTP status of the answer. Never rejects. */
export type ReportTaker = (parameters: ReadonlyMap<string, string>) => Promise<number>;

const LONGEST_BODY = 16 * 1024;
const LONGEST_WAIT_MS = 10_000;
const LAST_ANSWERS_MS = 1_000;
const LOOPBACK = /^(127\.0\.0\.1|\[::1\]):(\d{1,5})$/;

/** `HOST:PORT` of --receipt-listen. Throws when it is not on this machine: TLS is a proxy's work. */
export function readListenAddress(text: string): { readonly host: string; readonly port: number } {
  const [, host = "", port = ""] = LOOPBACK.exec(text) ?? [];
  if (host === "" || Number(port) > 65_535) {
    throw new Error(`--receipt-listen ${text}: an address of this machine, such as 127.0.0.1:8711, behind your proxy`);
  }
  return { host: host.replace(/[[\]]/g, ""), port: Number(port) };
}

/**
 * Where a gateway reports deliveries: `/SECRET` by GET with a query, or by POST with a form or a flat JSON object. The path
 * is all that proves who calls; it is compared in constant time, and whatever else is asked is not there.
 */
export class ReceiptListener {
  readonly #address: { readonly host: string; readonly port: number };
  readonly #secret: string;
  readonly #take: ReportTaker;
  #server: Server | undefined;

  constructor(address: { readonly host: string; readonly port: number }, secret: string, take: ReportTaker) {
    this.#address = address;
    this.#secret = secret;
    this.#take = take;
  }

  /** Listens from now on; resolves with the port. Rejects when the address is taken. */
  async start(): Promise<number> {
    const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const status = await this.#answer(request);
      response.writeHead(status, { "content-type": "text/plain", connection: "close" }).end();
    };
    const server = createServer((request, response) => void serve(request, response));
    server.requestTimeout = LONGEST_WAIT_MS;
    server.maxConnections = 200;
    server.listen(this.#address.port, this.#address.host);
    await once(server, "listening");
    // Such as no descriptor left for a connection: it comes again.
    server.on("error", () => undefined);
    this.#server = server;
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : this.#address.port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // What was asked is still answered; who has not asked by then is cut off.
    const timeout = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
    await closed;
    clearTimeout(timeout);
  }

  async #answer(request: IncomingMessage): Promise<number> {
    try {
      const [path = "", query = ""] = (request.url ?? "").split("?", 2);
      if (!this.#isOurs(path)) return 404;
      if (request.method === "GET") return await this.#take(parameters(query, ""));
      if (request.method !== "POST") return 405;
      const body = await readBody(request);
      if (body === undefined) return 413;
      return await this.#take(parameters(query, body, request.headers["content-type"]));
    } catch {
      return 400;
    }
  }

  #isOurs(path: string): boolean {
    return timingSafeEqual(digest(path.slice(path.lastIndexOf("/") + 1)), digest(this.#secret));
  }
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Uint8Array).length;
    if (size > LONGEST_BODY) return undefined;
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The first of each name: query before body. Throws on JSON that is none. */
function parameters(query: string, body: string, contentType: string = ""): Map<string, string> {
  const isJson = contentType.includes("json") && body !== "";
  const entries = isJson
    ? Object.entries(JSON.parse(body) as Record<string, unknown>).map(([name, value]): [string, string] => [
        name,
        String(value),
      ])
    : [...new URLSearchParams(body)];
  const all = new Map<string, string>();
  for (const [name, value] of [...new URLSearchParams(query), ...entries]) if (!all.has(name)) all.set(name, value);
  return all;
}
