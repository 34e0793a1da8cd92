// Where blocks run: a folder that looks like a clone, a home of its own, and the commands of an installation in the path.
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FROM_SOURCE, ROOT } from "@countersign/testing/child";

/** A shell's folder and surroundings. */
export interface Place {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

const COMMANDS = {
  countersign: "clients/cli/src/main.ts",
  "countersign-core": "core/server/src/main.ts",
  "countersign-daemon": "device-daemon/daemon/src/main.ts",
} as const;
/** What a folder that looks like a clone does not have: whatever is not of the repository. */
const APART = new Set([".git", "coverage"]);

/** Makes it below `scratch`. Nothing of the caller's home, settings or tokens can be seen from there. */
export function shellFolder(scratch: string): Place {
  const [folder, home, bin, tmp] = ["clone", "home", "bin", "tmp"].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const each of [folder, home, bin, tmp]) mkdirSync(each, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(ROOT)) if (!APART.has(name)) symlinkSync(join(ROOT, name), join(folder, name));
  for (const [name, entry] of Object.entries(COMMANDS)) putCommand(join(bin, name), entry);
  const env: NodeJS.ProcessEnv = {
    PATH: `${bin}:${join(ROOT, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_RUNTIME_DIR: tmp,
    TMPDIR: tmp,
    LANG: "C.UTF-8",
    NO_COLOR: "1",
    npm_config_cache: process.env["npm_config_cache"] ?? join(process.env["HOME"] ?? home, ".npm"),
  };
  return { folder, env };
}

function putCommand(path: string, entry: string): void {
  const words = [process.execPath, ...FROM_SOURCE, join(ROOT, entry)];
  writeFileSync(path, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(path, 0o755);
}
