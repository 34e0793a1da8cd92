import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT, runOnce } from "@countersign/testing/child";

/** What the administrators' console is built from. */
const SOURCES = [
  ...[
    "clients/console/src",
    "clients/console/index.html",
    "clients/console/vite.config.ts",
    "clients/console/package.json",
  ],
  ...["clients/sdk/src", "core/protocol/src", "proto/gen/web"],
];
const BUILT = join(ROOT, "clients/console/dist/site");

/**
 * A folder with the console as the sources are now: the one that `scripts/build-console` made if nothing is newer, else one
 * that is built below `run`. What lies in the checkout is left as it is, as somebody else may be reading it.
 */
export async function consoleSite(run: string): Promise<string> {
  if (isFresh(join(BUILT, "index.html"))) return BUILT;
  const site = join(run, "console");
  const args = ["build", join(ROOT, "clients/console"), "--logLevel", "error", "--outDir", site];
  await runOnce("node_modules/vite/bin/vite.js", args);
  return site;
}

function isFresh(index: string): boolean {
  if (!existsSync(index)) return false;
  const built = statSync(index).mtimeMs;
  return SOURCES.every((source) => newest(join(ROOT, source)) < built);
}

/** When the newest file there was written, in Unix milliseconds. */
function newest(path: string): number {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), mtimeMs);
}
