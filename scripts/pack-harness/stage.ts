// A copy of the source tree, in which packages are built as if nothing had ever been built before.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { readManifest } from "./workspace.ts";

/** Copies what git knows of `root` to `stage`, as it lies there now, and puts the installed packages of others beside it. */
export function stageSources(root: string, stage: string): void {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached"], { cwd: root, maxBuffer: 1 << 26 });
  for (const file of listed.toString("utf8").split("\0")) {
    if (file === "" || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(stage, file)), { recursive: true });
    copyFileSync(join(root, file), join(stage, file));
  }
  linkPackages(join(root, "node_modules"), join(stage, "node_modules"));
  linkOurs(stage);
}

/** Those of others are not copied: 700 MB. Ours have to be those of the copy. */
function linkPackages(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name.startsWith(".") || name === "@countersign") continue;
    if (name.startsWith("@")) linkPackages(join(from, name), join(to, name));
    else symlinkSync(join(from, name), join(to, name));
  }
}

function linkOurs(stage: string): void {
  for (const folder of readManifest(stage).workspaces ?? []) {
    const link = join(stage, "node_modules", readManifest(join(stage, folder)).name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(stage, folder), link);
  }
}
