// What of the workspace is published, and what is told about it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The members of a package.json that matter here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly workspaces?: readonly string[];
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Target>>;
  readonly imports?: Readonly<Record<string, Target>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** A file, or files by condition. */
export type Target = string | { readonly [condition: string]: Target };

/** A package that is published. */
export interface Workspace {
  /** From the top folder. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Its pages are bundled: what they are made of is inside. */
  readonly isSite: boolean;
}

/** Every package below `root` that is not private and has sources, in the order of the workspace. */
export function publishedBelow(root: string): readonly Workspace[] {
  const { workspaces = [] } = readManifest(root);
  return workspaces.flatMap((folder) => {
    const manifest = readManifest(join(root, folder));
    if (manifest.private === true || !existsSync(join(root, folder, "tsconfig.json"))) return [];
    return [{ folder, manifest, isSite: existsSync(join(root, folder, "vite.config.ts")) }];
  });
}

/** The package.json of a folder. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/**
 * The package.json that is published: without what only the source tree has. The condition "source" names files that are not
 * in the tarball, "./testing" our doubles; what a site is made of is bundled into it.
 */
export function publishedManifest({ manifest, isSite }: Workspace): Manifest {
  const { devDependencies: _dev, scripts: _scripts, dependencies, exports, imports, ...kept } = manifest;
  const outside = Object.entries(exports ?? {}).filter(([name]) => name !== "./testing");
  return {
    ...kept,
    ...(exports === undefined ? {} : { exports: builtAlone(outside) }),
    ...(imports === undefined ? {} : { imports: builtAlone(Object.entries(imports)) }),
    ...(dependencies === undefined || isSite ? {} : { dependencies }),
  };
}

function builtAlone(entries: readonly (readonly [string, Target])[]): Record<string, Target> {
  return Object.fromEntries(
    entries
      .filter(([condition]) => condition !== "source")
      .map(([name, target]) => [name, typeof target === "string" ? target : builtAlone(Object.entries(target))]),
  );
}

/** The files that a target may stand for. */
export function filesOf(target: Target): readonly string[] {
  return typeof target === "string" ? [target] : Object.values(target).flatMap(filesOf);
}
