import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Grants } from "./grants.ts";
import { SESSION_MS, SessionBook } from "./session-book.ts";
import { pageHeaders, readSite, type SiteFile } from "./site.ts";
import type { SetUp } from "./set-up.ts";

const COOKIE = "countersign-bank";
const MOST_BODY = 4_096;
/** Headers and body of one request, and of a body that trickles. */
const PATIENCE_MS = 10_000;

/** What a route answers. */
interface Answer {
  readonly code: number;
  readonly body?: object;
  readonly cookie?: string;
}

/** The bank's page and the four things that it asks the bank for. */
export class WebHost {
  readonly #setUp: SetUp;
  readonly #files: ReadonlyMap<string, SiteFile>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #sessions: SessionBook;
  readonly #grants: Grants;
  readonly #server: Server;
  #origins: ReadonlySet<string> = new Set();

  private constructor(setUp: SetUp, log: (line: string) => void) {
    this.#setUp = setUp;
    this.#files = readSite(setUp.site);
    this.#headers = pageHeaders(setUp.coreWeb);
    this.#sessions = new SessionBook(setUp.users);
    this.#grants = new Grants(setUp, log);
    this.#server = createServer({ requestTimeout: PATIENCE_MS }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        log(error instanceof Error ? error.message : String(error));
        if (!response.headersSent) this.#end(response, { code: 500, body: { error: "FAILED" } });
      });
    });
  }

  /** Listens. Rejects when the address is taken. */
  static async open(setUp: SetUp, log: (line: string) => void): Promise<WebHost> {
    const host = new WebHost(setUp, log);
    await new Promise<void>((resolve, reject) => {
      host.#server.once("error", reject).listen(setUp.listen.port, setUp.listen.host, resolve);
    });
    const own = ["localhost", "127.0.0.1", "[::1]"].map((name) => `http://${name}:${host.port}`);
    host.#origins = new Set(setUp.origins.length > 0 ? setUp.origins : own);
    return host;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#grants.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ""] = (request.url ?? "").split("?", 1);
    // A name that was bound to this machine by somebody else is not ours.
    if (!this.#isOurs(request.headers.host)) return this.#end(response, { code: 421, body: { error: "NOT_HERE" } });
    if (request.method === "GET" || request.method === "HEAD") {
      if (path === "/session") return this.#end(response, this.#session(request));
      const file = this.#files.get(path);
      return file === undefined
        ? this.#end(response, { code: 404, body: { error: "NOT_FOUND" } })
        : this.#send(file, request, response);
    }
    if (request.method !== "POST") return this.#end(response, { code: 405, body: { error: "METHOD" } });
    if (!this.#isOwnPage(request)) return this.#end(response, { code: 403, body: { error: "ORIGIN" } });
    const body = await bodyOf(request);
    this.#end(
      response,
      body === undefined ? { code: 400, body: { error: "BODY" } } : await this.#post(path, request, body),
    );
  }

  #isOurs(host: string | undefined): boolean {
    return host !== undefined && [...this.#origins].some((origin) => new URL(origin).host === host);
  }

  /** What changes something is asked for by our own page: another one's request has another origin, or none. */
  #isOwnPage({ headers }: IncomingMessage): boolean {
    const { origin, host } = headers;
    const isJson = headers["content-type"]?.split(";", 1)[0] === "application/json";
    return isJson && origin !== undefined && this.#origins.has(origin) && new URL(origin).host === host;
  }

  async #post(path: string, request: IncomingMessage, body: Record<string, unknown>): Promise<Answer> {
    const user = this.#sessions.userOf(cookieOf(request));
    switch (path) {
      case "/login":
        return this.#logIn(body);
      case "/logout":
        this.#sessions.logOut(cookieOf(request));
        return { code: 200, body: {}, cookie: this.#cookie("", 0) };
      case "/grant":
        return user === undefined ? NOT_LOGGED_IN : this.#grant(user, body);
      default:
        return { code: 404, body: { error: "NOT_FOUND" } };
    }
  }

  #logIn({ user, password }: Record<string, unknown>): Answer {
    if (typeof user !== "string" || typeof password !== "string") return { code: 400, body: { error: "BODY" } };
    const secret = this.#sessions.logIn(user, password);
    if (secret === undefined) return { code: 403, body: { error: "WRONG_PASSWORD" } };
    if (secret === "later") return { code: 429, body: { error: "TOO_MANY" } };
    return { code: 200, body: this.#about(user), cookie: this.#cookie(secret, SESSION_MS / 1000) };
  }

  #session(request: IncomingMessage): Answer {
    const user = this.#sessions.userOf(cookieOf(request));
    // Nobody is an answer as well: a page looks before anybody has logged in.
    return { code: 200, body: user === undefined ? {} : this.#about(user) };
  }

  async #grant(user: string, { requestId }: Record<string, unknown>): Promise<Answer> {
    if (typeof requestId !== "string" || !/^[\w-]{16,64}$/.test(requestId))
      return { code: 400, body: { error: "BODY" } };
    const given = await this.#grants.give(user, `${user}-${requestId}`);
    if ("grant" in given) return { code: 200, body: given };
    return { code: given.refused === "REFUSED" ? 409 : 503, body: { error: given.refused } };
  }

  /** What the page has to know, and pins. */
  #about(user: string): object {
    const { coreWeb, pinned } = this.#setUp;
    return { user, core: coreWeb, ...pinned };
  }

  #cookie(secret: string, seconds: number): string {
    const secure = [...this.#origins].every((origin) => origin.startsWith("https:")) ? "; Secure" : "";
    return `${COOKIE}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
  }

  #send({ headers, body, zipped }: SiteFile, request: IncomingMessage, response: ServerResponse): void {
    const zips = (request.headers["accept-encoding"] ?? "").split(",").some((each) => each.trim() === "gzip");
    const all = { ...this.#headers, ...headers, ...(zips ? { "content-encoding": "gzip" } : {}) };
    response.writeHead(200, all).end(zips ? zipped : body);
  }

  #end(response: ServerResponse, { code, body = {}, cookie }: Answer): void {
    const headers = { ...this.#headers, "content-type": "application/json", "cache-control": "no-store" };
    response
      .writeHead(code, cookie === undefined ? headers : { ...headers, "set-cookie": cookie })
      .end(JSON.stringify(body));
  }
}

const NOT_LOGGED_IN: Answer = { code: 401, body: { error: "NOT_LOGGED_IN" } };

function cookieOf({ headers }: IncomingMessage): string {
  const found = (headers.cookie ?? "").split(";").map((each) => each.trim().split("="));
  return found.find(([name]) => name === COOKIE)?.[1] ?? "";
}

/** An object of JSON; undefined: it is none, or too long. */
async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BODY) return undefined;
    parts.push(part);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
