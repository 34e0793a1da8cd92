import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Where the site is built when nothing else is said. */
export const BUILT: string = join(ROOT, "docs/.vitepress/dist");

/** Builds the site into a folder. Throws with what VitePress wrote, such as every link that leads nowhere. */
export function buildSite(folder: string): void {
  // VitePress without a subcommand would serve for ever.
  const args = [join(ROOT, "node_modules/vitepress/bin/vitepress.js"), "build", "docs", "--outDir", folder];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", CI: "true" },
  });
  if (status !== 0) throw new Error(`The site does not build:\n${stdout}${stderr}`.trimEnd());
}
