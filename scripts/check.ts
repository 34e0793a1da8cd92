// The static gate: `npm run check`. Runs every check, prints one line each, the output of those that fail, exits with
// their number. `node scripts/check.ts NAME…` runs the named ones.
import { spawnSync } from "node:child_process";

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  format: ["prettier", "--check", "--log-level=warn", "."],
  lint: ["oxlint", "--type-aware", "--deny-warnings"],
  types: ["tsc", "-b"],
  protos: ["buf", "lint"],
  "proto-format": ["buf", "format", "--diff", "--exit-code"],
  "proto-breaking": ["buf", "breaking", "--against", "proto/released.binpb"],
  generated: ["node", "scripts/generate.ts", "--check"],
  layers: ["node", "scripts/check-layers.ts"],
  unused: ["knip"],
  lockfile: [
    "lockfile-lint",
    "--path",
    "package-lock.json",
    "--type",
    "npm",
    "--validate-https",
    "--validate-integrity",
  ],
  dependencies: ["node", "scripts/check-dependencies.ts"],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in CHECKS));
if (unknown.length > 0) {
  console.error(`No such check: ${unknown.join(", ")}. There are: ${Object.keys(CHECKS).join(", ")}`);
  process.exit(64);
}

let failed = 0;
for (const [name, [command = "", ...args]] of Object.entries(CHECKS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "✔" : "✘"} ${name.padEnd(15)} ${seconds.padStart(5)} s`);
  if (status === 0) continue;
  failed += 1;
  console.log(`${stdout ?? ""}${stderr ?? ""}${error === undefined ? "" : error.message}`.trimEnd());
}
process.exitCode = failed;
