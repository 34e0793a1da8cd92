// Everything that is generated: under proto/gen, from the protos, TypeScript by buf, the descriptor set that reflection
// serves, and the table of the wire scan; under docs/reference/api the API reference, from their comments; and the manual
// page, from the program that it is of. `node scripts/generate.ts` writes, with `--check` it only tells what would differ.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { apiReference } from "./lib/api-reference.ts";
import { wireSchemaSource, type DescriptorSet } from "./lib/wire-schema-source.ts";

const ROOT = join(import.meta.dirname, "..");
const GENERATED = "proto/gen";
const MANUAL = "docs/reference/countersign.1";
const REFERENCE = "docs/reference/api";

const unknown = process.argv.slice(2).filter((argument) => argument !== "--check");
if (unknown.length > 0) {
  console.error(`generate: ${unknown.join(" ")} is not known. Usage: node scripts/generate.ts [--check]`);
  process.exit(64);
}
if (process.argv.includes("--check")) check();
else generateInto(ROOT);

function generateInto(folder: string): void {
  buf(["generate", "--output", folder]);
  const descriptor = join(folder, GENERATED, "descriptor.binpb");
  buf(["build", "--as-file-descriptor-set", "--exclude-source-info", "--output", descriptor]);
  const set: DescriptorSet = JSON.parse(buf(["build", "--as-file-descriptor-set", "--output", "-#format=json"]));
  writeFileSync(join(folder, GENERATED, "wire-schema.ts"), wireSchemaSource(set));
  writeReference(folder);
  mkdirSync(dirname(join(folder, MANUAL)), { recursive: true });
  writeFileSync(join(folder, MANUAL), manual());
}

function writeReference(folder: string): void {
  const into = join(folder, REFERENCE);
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), "countersign-image-"));
  try {
    // With comments: the descriptor set above has none.
    buf(["build", "--as-file-descriptor-set", "--output", join(scratch, "image.binpb")]);
    const pages = apiReference(readFileSync(join(scratch, "image.binpb")));
    for (const [name, text] of pages) writeFileSync(join(into, name), text);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function manual(): string {
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning"];
  const main = join(ROOT, "clients/cli/src/manual/man-page-main.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, main], { cwd: ROOT, encoding: "utf8" });
  if (status === 0) return stdout;
  console.error(`the manual page could not be written: ${stderr}`);
  process.exit(1);
}

function check(): void {
  const fresh = mkdtempSync(join(tmpdir(), "countersign-generate-"));
  try {
    generateInto(fresh);
    const parts = [GENERATED, REFERENCE].flatMap((folder) => {
      const names = new Set([...filesOf(join(fresh, folder)), ...filesOf(join(ROOT, folder))]);
      return [...names]
        .map((name) => join(folder, name))
        .filter((name) => !sameBytes(join(fresh, name), join(ROOT, name)));
    });
    const stale = sameBytes(join(fresh, MANUAL), join(ROOT, MANUAL)) ? parts : [...parts, MANUAL];
    for (const name of stale) console.error(`${name} is not what its source says. Fix: npm run generate`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function sameBytes(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && readFileSync(one).equals(readFileSync(other));
}

function buf(args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(join(ROOT, "node_modules/.bin/buf"), args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  console.error(`buf ${args.join(" ")} failed: ${error?.message ?? stderr}`);
  process.exit(1);
}
