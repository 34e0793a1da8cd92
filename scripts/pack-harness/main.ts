import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { pack } from "./pack.ts";

const USAGE = `Usage: scripts/pack [FOLDER] [--json]

Writes npm tarballs of every published package, and SHA256SUMS, into FOLDER (default: dist/packages of the source tree).
`;
const ROOT = join(import.meta.dirname, "../..");

try {
  const { values, positionals } = parseArgs({
    options: { json: { type: "boolean" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help === true || positionals.length > 1) {
    process.stdout.write(USAGE);
    process.exit(values.help === true ? 0 : 64);
  }
  const [given] = positionals;
  const folder = given === undefined ? join(ROOT, "dist/packages") : resolve(process.env["CALLED_FROM"] ?? ".", given);
  const packed = pack(ROOT, folder);
  if (values.json === true) console.log(JSON.stringify({ folder, packed }));
  else {
    for (const { file, bytes, unpackedBytes, files } of packed) {
      console.log(`${kb(bytes)} ${kb(unpackedBytes)} ${String(files).padStart(5)} files  ${file}`);
    }
    console.log(`${kb(packed.reduce((sum, { bytes }) => sum + bytes, 0))} in all (packed, unpacked), in ${folder}`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 70;
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(0).padStart(6)} kB`;
}
