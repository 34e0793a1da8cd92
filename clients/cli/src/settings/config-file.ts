import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { refused } from "../cli-error.ts";

/** `--config`, else COUNTERSIGN_CONFIG, else the XDG place. */
export function configPath(flag: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const named = flag ?? env["COUNTERSIGN_CONFIG"];
  if (named !== undefined && named !== "") return named;
  const base = env["XDG_CONFIG_HOME"] ?? join(env["HOME"] ?? homedir(), ".config");
  return join(base, "countersign", "config.json");
}

/** Members of the file, unchecked; undefined when there is none. A file that others may write could name a false core key. */
export function readConfigFile(path: string): Record<string, unknown> | undefined {
  let text: string;
  try {
    const { mode } = statSync(path);
    if ((mode & 0o022) !== 0) throw refused(`${path}: other users may write it; run: chmod 600 ${path}`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // falls through: the same sentence for everything that is no object
  }
  throw refused(`${path}: is no JSON object; run countersign setup again`);
}

/** Replaces the file as a whole; 0600 in a folder 0700. */
export function writeConfigFile(path: string, members: Readonly<Record<string, unknown>>): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.new`;
  writeFileSync(next, `${JSON.stringify(members, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, path);
}
