import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { isLoopback, type Listen } from "../config/listen.ts";

/** Whose pages the console's are. */
const PACKAGE = "@countersign/console/package.json";

/**
 * The folder of the console: the one that was named, else the built one of the package beside this one where only this
 * machine can ask for it. undefined: none is served. "none" names none.
 */
export function consoleFolder(named: string | undefined, listen: Listen): string | undefined {
  if (named !== undefined) return named === "none" ? undefined : named;
  return isLoopback(listen.host) ? installed() : undefined;
}

function installed(): string | undefined {
  try {
    const folder = join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), "dist", "site");
    return existsSync(join(folder, "index.html")) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Origins that the console's own pages have, as browsers send them: those that were named, else the listener's own. */
export function consoleOrigins(
  named: readonly string[] | undefined,
  { host }: Listen,
  { port, isTls }: { readonly port: number; readonly isTls: boolean },
): ReadonlySet<string> {
  if (named !== undefined) return new Set(named);
  const hosts = isLoopback(host) ? ["localhost", "127.0.0.1", "[::1]"] : [host.includes(":") ? `[${host}]` : host];
  return new Set(hosts.map((each) => new URL(`${isTls ? "https" : "http"}://${each}:${port}`).origin));
}
