import { readFileSync } from "node:fs";

/** A file of the page for people. */
export interface PageAsset {
  readonly body: Uint8Array;
  readonly type: string;
}

// The page is written for browsers and served as it stands; it lies beside `src`, so that `dist` finds it too.
const FOLDER = new URL("../../page/", import.meta.url);

const FILES = new Map<string, { readonly file: string; readonly type: string }>([
  ["/", { file: "index.html", type: "text/html; charset=utf-8" }],
  ["/key.js", { file: "key.js", type: "text/javascript; charset=utf-8" }],
  ["/key.css", { file: "key.css", type: "text/css; charset=utf-8" }],
  ["/favicon.svg", { file: "favicon.svg", type: "image/svg+xml" }],
]);

/** The page's file under this path; undefined for every other path. */
export function pageAsset(path: string): PageAsset | undefined {
  const found = FILES.get(path);
  if (found === undefined) return undefined;
  return { body: new Uint8Array(readFileSync(new URL(found.file, FOLDER))), type: found.type };
}
