import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * Folders of everything that these packages of the workspace need to run, found as Node finds it: their dependencies and
 * those of their dependencies, no development tools, no optional peers, nothing of `without`. `root` holds
 * `node_modules`. Throws where one is not installed.
 */
export function productionPackages(
  root: string,
  workspaces: readonly string[],
  without: readonly string[] = [],
): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    if (found.has(folder)) return;
    found.add(folder);
    const names = Object.keys(manifestOf(folder).dependencies ?? {});
    for (const name of names) if (!without.includes(name)) visit(installed(root, name, folder));
  };
  for (const workspace of workspaces) visit(realpathSync(join(root, workspace)));
  return found;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

function installed(root: string, name: string, from: string): string {
  for (let folder = from; folder.startsWith(root.replace(/\/$/, "")); folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return realpathSync(candidate);
  }
  throw new Error(`${name}, which ${from} needs, is not installed; run npm ci`);
}
