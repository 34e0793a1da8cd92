import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { ConfigError } from "../config/config-error.ts";
import { PAGE_HEADERS } from "./page-headers.ts";

/** Where the console lies on the web listener. */
export const PLACE = "/console/";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

interface File {
  readonly type: string;
  readonly body: Buffer;
  readonly zipped: Buffer;
  readonly etag: string;
  /** Its name has a hash of its content, so it is another file when it changes. */
  readonly isImmutable: boolean;
}

/**
 * Files of a built console. All of them are read when the core starts: what is asked for is looked up by name and never
 * becomes a path.
 */
export class Site {
  readonly #files = new Map<string, File>();

  /** Throws ConfigError where there is no built console. */
  constructor(folder: string) {
    if (!existsSync(join(folder, "index.html"))) {
      throw new ConfigError(`--console ${folder}: there is no index.html. Build it: scripts/build-console`);
    }
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const type = TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const path = join(entry.parentPath, entry.name);
      const name = relative(folder, path).split(sep).join("/");
      this.#files.set(PLACE + (name === "index.html" ? "" : name), fileOf(type, name, readFileSync(path)));
    }
  }

  /** Answers what is the console's; false: it is not, and nothing was done. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const [path = ""] = (request.url ?? "").split("?", 1);
    const isHere = path.startsWith(PLACE) || path === "/" || path === PLACE.slice(0, -1);
    if (!isHere) return false;
    const isRead = request.method === "GET" || request.method === "HEAD";
    const file = this.#files.get(path);
    if (!isRead) end(response, 405, { ...PLAIN, allow: "GET, HEAD" }, "Pages are read: GET or HEAD.\n");
    else if (!path.startsWith(PLACE)) end(response, 302, { ...PLAIN, location: PLACE }, "The console is elsewhere.\n");
    else if (file === undefined) end(response, 404, PLAIN, "There is no such page.\n");
    else tell(request, response, file);
    return true;
  }
}

const PLAIN: OutgoingHttpHeaders = { ...PAGE_HEADERS, "content-type": "text/plain", "cache-control": "no-store" };

function fileOf(type: string, name: string, body: Buffer): File {
  const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
  return { type, body, zipped: gzipSync(body), etag, isImmutable: name.startsWith("assets/") };
}

function tell({ headers }: IncomingMessage, response: ServerResponse, file: File): void {
  const { type, etag, isImmutable } = file;
  const zips = takesGzip(headers["accept-encoding"] ?? "");
  const all = {
    ...PAGE_HEADERS,
    ...{ "content-type": type, etag, vary: "Accept-Encoding" },
    "cache-control": isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
  };
  const known = headers["if-none-match"]?.split(",").some((each) => each.trim().replace(/^W\//, "") === etag);
  if (known === true) return void response.writeHead(304, all).end();
  end(response, 200, zips ? { ...all, "content-encoding": "gzip" } : all, zips ? file.zipped : file.body);
}

/** What names gzip with a weight, which may be 0, gets the plain file: browsers name it without. */
function takesGzip(accepted: string): boolean {
  return accepted.split(",").some((each) => each.trim().toLowerCase() === "gzip");
}

/** Node itself leaves the body of an answer to HEAD out. */
function end(response: ServerResponse, code: number, headers: OutgoingHttpHeaders, body: Buffer | string): void {
  response.writeHead(code, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
}
