// What a package needs of what was built for it: all that its entries lead to. Tests, doubles and fixtures are left out by
// that, and an import that leads out of the package is found before anybody installs it.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { filesOf, type Manifest } from "./workspace.ts";

/** As tsc writes them: one statement a line or more, double quotes. */
const IMPORTS =
  /^\s*(?:import|export)\b[^;"']*?\bfrom\s*"([^"]+)"|^\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|\bimport\.meta\.resolve\("([^"]+)"\)/gm;

/** Removes from the package's `dist` what none of its entries leads to. Throws on an import that no installation has. */
export function keepWhatIsReached(folder: string, manifest: Manifest): void {
  const reached = reachedFrom(folder, entriesOf(folder, manifest), manifest);
  for (const file of filesBelow(join(folder, "dist"))) if (!reached.has(file)) rmSync(file);
}

function entriesOf(folder: string, manifest: Manifest): string[] {
  const { bin = {}, exports = {}, imports = {} } = manifest;
  const targets = [exports, imports].flatMap((table) => Object.values(table).flatMap(filesOf));
  return [...Object.values(bin), ...targets].flatMap((path) => {
    if (!path.includes("*")) return [join(folder, path)];
    const [before = "", after = ""] = path.split("*");
    const start = join(folder, before);
    const found = filesBelow(dirname(`${start}x`)).filter((file) => file.startsWith(start) && file.endsWith(after));
    if (found.length === 0) throw new Error(`${manifest.name}: nothing was built for its export ${path}`);
    return found;
  });
}

function reachedFrom(folder: string, entries: readonly string[], manifest: Manifest): ReadonlySet<string> {
  const reached = new Set<string>();
  const ahead = [...entries];
  for (let file = ahead.pop(); file !== undefined; file = ahead.pop()) {
    if (reached.has(file)) continue;
    if (!existsSync(file)) throw new Error(`${manifest.name} leads to ${relative(folder, file)}, which was not built`);
    reached.add(file);
    if (!/\.[jt]s$/.test(file)) continue;
    for (const specifier of specifiersIn(readFileSync(file, "utf8"))) {
      if (specifier.startsWith(".")) ahead.push(fileOf(file, specifier));
      else refuseUndeclared(relative(folder, file), specifier, manifest);
    }
  }
  return reached;
}

/** Modules that a file names. */
export function specifiersIn(text: string): string[] {
  return [...text.matchAll(IMPORTS)].map(([, ...groups]) => groups.find((group) => group !== undefined) ?? "");
}

/** Types lie beside their code and name it as the source does. */
function fileOf(importer: string, specifier: string): string {
  const path = join(dirname(importer), specifier);
  return importer.endsWith(".d.ts") ? path.replace(/(?:\.d)?\.[jt]sx?$/, ".d.ts") : path;
}

function refuseUndeclared(file: string, specifier: string, { name, dependencies = {} }: Manifest): void {
  if (specifier.startsWith("node:") || specifier.startsWith("#")) return;
  const wanted = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  if (wanted === name || wanted in dependencies) return;
  // Types alone are no one's need at run time, and declare themselves.
  if (file.endsWith(".d.ts") && `@types/${wanted}` in dependencies) return;
  throw new Error(`${name}: ${file} imports ${wanted}, which is not among its dependencies`);
}

/** Every file below a folder; none if there is no such folder. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .toSorted();
}
