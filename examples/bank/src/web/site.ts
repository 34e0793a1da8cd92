import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { SetUpError } from "./set-up.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A file of the page, ready to be sent. */
export interface SiteFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly zipped: Buffer;
}

/** Files of a built page by their path. They are read once: what is asked for is looked up and never becomes a path. */
export function readSite(folder: string): ReadonlyMap<string, SiteFile> {
  const files = new Map<string, SiteFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join("/");
    const body = readFileSync(path);
    // Names below assets have a hash of the content in them.
    const caching = name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    const headers = { "content-type": type, "cache-control": caching, vary: "Accept-Encoding" };
    files.set(name === "index.html" ? "/" : `/${name}`, { headers, body, zipped: gzipSync(body) });
  }
  if (!files.has("/")) throw new SetUpError(`--site ${folder}: there is no index.html; scripts/build-web makes one`);
  return files;
}

/**
 * What the page may do, for browsers: run and show what lies beside it, call this bank, the core, and the daemon of the PC
 * that it is on. No inline script or style, no frame, no form that leaves, no string that becomes code.
 */
export function pageHeaders(coreWeb: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // Pico has its small signs as data.
    "img-src 'self' data:",
    // The daemon listens on loopback alone, on the port that its user chose.
    `connect-src 'self' ${coreWeb} http://127.0.0.1:*`,
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
  ];
  return {
    "content-security-policy": policy.join("; "),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "publickey-credentials-get=(self), publickey-credentials-create=(self), clipboard-read=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
}
