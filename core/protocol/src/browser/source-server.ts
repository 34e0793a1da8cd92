import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { stripTypeScriptTypes } from "node:module";
import { join, normalize } from "node:path";

// Serves this package to a browser without a build: types stripped on the way, bare names by an import map, `#platform`
// by the same condition that a bundler takes. For tests, on loopback.

const PACKAGE = join(import.meta.dirname, "../..");
const MODULES = join(PACKAGE, "../../node_modules");

const IMPORT_MAP = {
  imports: {
    "#platform": "/src/platform-browser.ts",
    "@noble/curves/": "/node_modules/@noble/curves/",
    "@noble/hashes/": "/node_modules/@noble/hashes/",
    ibantools: "/node_modules/ibantools/jsnext/ibantools.js",
  },
};
const PAGE = `<!doctype html><meta charset="utf-8"><title>vectors</title><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify(IMPORT_MAP)}</script>`;

/** A running server. */
export interface SourceServer {
  readonly address: string;
  close(): Promise<void>;
}

/** Starts the server on a free port. */
export async function serveSources(): Promise<SourceServer> {
  const server = createServer(({ url = "/" }, response) => {
    const file = fileOf(url);
    response.writeHead(file === undefined ? 404 : 200, { "content-type": file?.type ?? "text/plain" });
    response.end(file?.body ?? "not here");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => closed(server) };
}

function fileOf(url: string): { type: string; body: string } | undefined {
  if (url === "/") return { type: "text/html", body: PAGE };
  const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
  const root = path.startsWith("/node_modules/") ? MODULES : PACKAGE;
  const text = readOr(join(root, path.replace(/^\/node_modules/, "")));
  if (text === undefined) return undefined;
  if (path.endsWith(".ts")) return { type: "text/javascript", body: stripTypeScriptTypes(text) };
  return { type: path.endsWith(".json") ? "application/json" : "text/javascript", body: text };
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
