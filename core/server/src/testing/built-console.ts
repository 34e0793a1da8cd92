// For tests: the administrators' console, built once into a folder of the test's own.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "@countersign/testing";

/** Builds it below `folder` and returns where it lies. */
export function buildConsole(folder: string): string {
  const site = join(folder, "console-site");
  const vite = join(ROOT, "node_modules", "vite", "bin", "vite.js");
  const args = [vite, "build", "--logLevel", "error", "--outDir", site];
  execFileSync(process.execPath, args, { cwd: join(ROOT, "clients", "console"), stdio: ["ignore", "ignore", "pipe"] });
  return site;
}
