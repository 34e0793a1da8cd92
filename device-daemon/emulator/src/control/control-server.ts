import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Emulator } from "../emulator.ts";
import { type Input, KEYPAD_KEYS } from "../prompt.ts";
import { pageAsset } from "./page-assets.ts";

/** Longest answer to a long poll, in milliseconds. */
const LONG_POLL_MS = 25_000;

/** Longest body of a request, in bytes. */
const MAX_BODY = 1024;

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** What a request gets; a text is sent as JSON unless `type` says otherwise. */
type Reply = { readonly status: number; readonly body: string | Uint8Array; readonly type?: string };

/**
 * Display and keypad over loopback HTTP: for a person's browser and for tests, never for the daemon.
 *
 * A web page elsewhere must not press keys: `Host` is exactly this loopback address (no DNS rebinding), a foreign
 * `Origin` is refused, and a press is JSON, which a foreign form cannot send.
 */
export class ControlServer {
  readonly #emulator: Emulator;
  readonly #server: Server;

  constructor(emulator: Emulator) {
    this.#emulator = emulator;
    // A connection is its client's to close: one that the server closed as idle could have the next press on its way.
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => void this.#serve(request, response));
  }

  /** Listens on 127.0.0.1 and resolves with the URL, which ends without a slash. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
    return `http://127.0.0.1:${this.#port()}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: Reply;
    try {
      reply = this.#refusal(request) ?? (await this.#route(request));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : "failed";
      reply = problem(cause instanceof BadRequestError ? 400 : 500, why);
    }
    response.writeHead(reply.status, { ...HEADERS, "content-type": reply.type ?? "application/json; charset=utf-8" });
    response.end(reply.body);
  }

  #refusal(request: IncomingMessage): Reply | undefined {
    const port = this.#port();
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    if (!hosts.includes(request.headers.host ?? ""))
      return problem(421, "this server answers to its loopback name only");
    const { origin } = request.headers;
    if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`)) {
      return problem(403, "pages of another origin may not use the key");
    }
    const isPost = request.method === "POST";
    if (isPost && !/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
      return problem(415, "content-type must be application/json");
    }
    return undefined;
  }

  async #route(request: IncomingMessage): Promise<Reply> {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const asset = request.method === "GET" ? pageAsset(url.pathname) : undefined;
    if (asset !== undefined) return { status: 200, ...asset };
    switch (`${request.method} ${url.pathname}`) {
      case "GET /screen":
        return this.#screen(url.searchParams.get("after"));
      case "GET /key":
        return this.#build();
      case "POST /press":
        return this.#input(pressOf(await bodyOf(request)));
      case "POST /hold":
        return this.#input({ type: "hold" });
      case "POST /finger":
        return this.#input(fingerOf(await bodyOf(request)));
      case "POST /unplug":
        await this.#emulator.unplug();
        return this.#version();
      case "POST /plug":
        await this.#emulator.plug();
        return this.#version();
      default:
        return problem(404, "no such place; GET /screen, /key, POST /press, /hold, /finger, /unplug, /plug");
    }
  }

  /** What the key is built with, for a face that draws it: digits also choose rows on a key that takes no code. */
  #build(): Reply {
    const { display, size, finger, vendor } = this.#emulator.profile;
    return json({ display: display ? size : null, finger, digits: vendor });
  }

  async #screen(after: string | null): Promise<Reply> {
    const { board } = this.#emulator;
    if (after === null) return json(board.shown);
    if (!/^\d{1,15}$/.test(after)) return problem(400, "after must be a version number");
    return json(await board.after(Number(after), LONG_POLL_MS));
  }

  #input(input: Input): Reply {
    const taken = this.#emulator.input(input);
    return json({ version: this.#emulator.board.refresh().version, taken });
  }

  #version(): Reply {
    return json({ version: this.#emulator.board.refresh().version });
  }

  #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
}

class BadRequestError extends Error {}

function pressOf(body: unknown): Input {
  const key = KEYPAD_KEYS.find((known) => known === (body as { key?: unknown } | null)?.key);
  if (key === undefined) throw new BadRequestError(`key must be one of ${KEYPAD_KEYS.join(" ")}`);
  return { type: "key", key };
}

// A named finger is one certain finger: the key compares it with those it knows, whatever `match` says.
function fingerOf(body: unknown): Input {
  const { match, name } = (body ?? {}) as { match?: unknown; name?: unknown };
  if (typeof match !== "boolean") throw new BadRequestError("match must be true or false");
  if (name === undefined) return { type: "finger", match };
  if (typeof name !== "string" || name === "" || name.length > 40) {
    throw new BadRequestError("name must have 1 to 40 characters");
  }
  return { type: "finger", match, name };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY) throw new BadRequestError(`a body has at most ${MAX_BODY} bytes`);
  }
  try {
    return JSON.parse(text === "" ? "null" : text) as unknown;
  } catch {
    throw new BadRequestError("the body must be JSON");
  }
}

function json(value: unknown): Reply {
  return { status: 200, body: JSON.stringify(value) };
}

function problem(status: number, why: string): Reply {
  return { status, body: JSON.stringify({ error: why }) };
}
