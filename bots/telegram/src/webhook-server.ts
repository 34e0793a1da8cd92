import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ChannelError, type Timer } from "@countersign/bot-kit";
import { readUpdateId } from "./read-update.ts";
import { SeenUpdates } from "./seen-updates.ts";
import type { WebhookSettings } from "./webhook-settings.ts";

interface ServerGiven {
  readonly settings: WebhookSettings;
  /** Resolves once Telegram may forget the update. Never rejects. */
  readonly handle: (update: unknown) => Promise<void>;
  readonly timer: Timer;
  /** Somebody called the right path without the secret: a stranger, or Telegram under a webhook that is not ours. */
  readonly onWrongSecret: () => void;
}

/** Telegram's own patience is about a minute; after ours it repeats, and finds the same update under way or done. */
const PATIENCE_MS = 20_000;
const LONGEST_BODY_BYTES = 1024 * 1024;
const BODY_MS = 10_000;
const SECRET_HEADER = "x-telegram-bot-api-secret-token";

/**
 * Takes updates that Telegram brings. 200 means dealt with: it is answered after the core has answered, so that a bot
 * killed before gets the update again. Everything else makes Telegram repeat.
 */
export class WebhookServer {
  readonly #given: ServerGiven;
  readonly #seen = new SeenUpdates();
  readonly #secretDigest: Uint8Array;
  #server: Server | undefined;
  #closed = new AbortController();

  constructor(given: ServerGiven) {
    this.#given = given;
    this.#secretDigest = digest(given.settings.secret.reveal());
  }

  /** Resolves with the port it listens on. Rejects with ChannelError when that is not to be had. */
  async open(): Promise<number> {
    const { host, port } = this.#given.settings;
    const slow = { headersTimeout: BODY_MS, requestTimeout: BODY_MS, connectionsCheckingInterval: BODY_MS / 2 };
    const limits = { ...slow, maxHeaderSize: 16_384, keepAliveTimeout: 60_000 };
    const server = createServer(limits, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    server.maxConnections = 256;
    server.listen(port, host);
    try {
      await once(server, "listening");
    } catch {
      throw new ChannelError({ fate: "not-sent", detail: "connect" });
    }
    // A connection that breaks is the other side's business.
    server.on("error", () => undefined);
    this.#server = server;
    this.#closed = new AbortController();
    return (server.address() as AddressInfo).port;
  }

  /** Ends every connection: updates not yet answered come again, to whoever listens then. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, "close");
    this.#closed.abort();
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on("error", () => undefined);
    const refusal = this.#refuse(request);
    const body = refusal === undefined ? await readBody(request) : undefined;
    const update = body === undefined ? undefined : parse(body);
    const id = readUpdateId(update);
    if (refusal !== undefined || id === undefined) {
      answer(response, refusal ?? (body === undefined ? 413 : 400));
      // What was not read is not waited for.
      if (!request.complete) request.destroy();
      return;
    }
    answer(response, (await this.#dealtWith(id, update)) ? 200 : 500);
  }

  async #dealtWith(id: number, update: unknown): Promise<boolean> {
    const { handle, timer } = this.#given;
    const over = new AbortController();
    const handled = this.#seen.once(id, async () => handle(update)).then(() => true);
    const late = timer.sleep(PATIENCE_MS, AbortSignal.any([over.signal, this.#closed.signal])).then(() => false);
    const inTime = await Promise.race([handled, late]);
    over.abort();
    return inTime;
  }

  #refuse(request: IncomingMessage): number | undefined {
    const { settings, onWrongSecret } = this.#given;
    const path = (request.url ?? "").split("?", 1)[0];
    if (path !== settings.url.pathname) return 404;
    if (request.method !== "POST") return 405;
    const secret = request.headers[SECRET_HEADER];
    if (typeof secret !== "string" || !timingSafeEqual(digest(secret), this.#secretDigest)) {
      onWrongSecret();
      return 401;
    }
    return /^application\/json\b/i.test(request.headers["content-type"] ?? "") ? undefined : 415;
  }
}

/** Of one length, whatever was sent. */
function digest(secret: string): Uint8Array {
  return createHash("sha256").update(secret).digest();
}

function answer(response: ServerResponse, status: number): void {
  if (!response.destroyed) response.writeHead(status, { "content-length": 0 }).end();
}

/** The whole body, or undefined when it is longer than any update. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > LONGEST_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
