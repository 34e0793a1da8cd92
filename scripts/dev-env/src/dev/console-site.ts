import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT, runOnce } from "@countersign/testing/child";

/** What every page of ours is built from. */
const SHARED = ["clients/pages/src", "clients/sdk/src", "core/protocol/src", "proto/gen/web"];

/**
 * A folder with the console as the sources are now: the one that `scripts/build-console` made if nothing is newer, else one
 * that is built below `run`. What lies in the checkout is left as it is, as somebody else may be reading it.
 */
export function consoleSite(run: string): Promise<string> {
  return siteOf("console", [], run);
}

/** The same of the web client, by `scripts/build-web`. */
export function webSite(run: string): Promise<string> {
  return siteOf("web", ["clients/payment-file/src"], run);
}

async function siteOf(name: "console" | "web", more: readonly string[], run: string): Promise<string> {
  const client = `clients/${name}`;
  const built = join(ROOT, client, "dist/site");
  const own = ["src", "index.html", "vite.config.ts", "package.json"].map((each) => `${client}/${each}`);
  if (isFresh(join(built, "index.html"), [...own, ...more, ...SHARED])) return built;
  const site = join(run, name);
  const args = ["build", join(ROOT, client), "--logLevel", "error", "--outDir", site];
  await runOnce("node_modules/vite/bin/vite.js", args);
  return site;
}

function isFresh(index: string, sources: readonly string[]): boolean {
  if (!existsSync(index)) return false;
  const built = statSync(index).mtimeMs;
  return sources.every((source) => newest(join(ROOT, source)) < built);
}

/** When the newest file there was written, in Unix milliseconds. */
function newest(path: string): number {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), mtimeMs);
}
