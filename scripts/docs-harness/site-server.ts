import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

/** A built site on loopback. */
export interface SiteServer {
  readonly address: string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

/** Serves the files of a folder as every static host does: `/x/` is `x/index.html`, what is not there is `404.html`. */
export async function serveSite(folder: string, port = 0): Promise<SiteServer> {
  const server = createServer((request, response) => {
    void answer(folder, request.url ?? "/").then(({ status, type, body }) => {
      response.writeHead(status, { "content-type": type, "x-content-type-options": "nosniff" }).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(folder: string, url: string): Promise<{ status: number; type: string; body: Buffer }> {
  const { pathname } = new URL(url, "http://site.invalid");
  // A URL's path has no `..` left; normalize() takes care of what is written as %2e%2e.
  const path = normalize(decodeURIComponent(pathname).replaceAll("\0", ""));
  const name = path.endsWith("/") ? `${path}index.html` : path;
  const type = TYPES[extname(name)];
  try {
    if (type !== undefined && !name.startsWith(".."))
      return { status: 200, type, body: await readFile(join(folder, name)) };
  } catch {
    // It is not there.
  }
  return { status: 404, type: "text/html; charset=utf-8", body: await readFile(join(folder, "404.html")) };
}
