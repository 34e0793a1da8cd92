import { readdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
/** Folders that hold what others wrote, or what is built. */
const NOT_OURS = new Set(["node_modules", "dist", "gen", "coverage", "testdata", "scripts", "vectors"]);

/** Every Markdown file of the repository, as a path from its top, in order. */
export function markdownFiles(folder = ""): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name.startsWith(".") || NOT_OURS.has(entry.name) ? [] : markdownFiles(path);
      return entry.isFile() && entry.name.endsWith(".md") ? [path] : [];
    })
    .toSorted();
}
