// Builds and packs. docs/decisions/0046-what-is-installed.md
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findingsIn } from "./judge.ts";
import { keepWhatIsReached } from "./reach.ts";
import { stageSources } from "./stage.ts";
import { publishedBelow, publishedManifest, type Workspace } from "./workspace.ts";

/** A tarball that was written. */
export interface Packed {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly unpackedBytes: number;
  readonly files: number;
  readonly sha256: string;
}

const SUMS = "SHA256SUMS";

/** Builds every published package of `root` in a folder of its own and writes tarballs and their sums to `target`. */
export function pack(root: string, target: string): readonly Packed[] {
  const stage = realpathSync(mkdtempSync(join(tmpdir(), "countersign-pack-")));
  try {
    stageSources(root, stage);
    const published = publishedBelow(stage);
    build(stage, published);
    for (const workspace of published) prepare(stage, workspace);
    mkdirSync(target, { recursive: true });
    const packed = published.map((workspace) => packOne(stage, workspace, target));
    refuseFindings(packed, target, [root, stage]);
    writeFileSync(join(target, SUMS), packed.map(({ sha256, file }) => `${sha256}  ${file}\n`).join(""));
    return packed;
  } finally {
    rmSync(stage, { recursive: true });
  }
}

function build(stage: string, published: readonly Workspace[]): void {
  const tsc = join(stage, "node_modules/typescript/bin/tsc");
  run(stage, tsc, ["-b", ...published.filter(({ isSite }) => !isSite).map(({ folder }) => folder)]);
  const vite = join(stage, "node_modules/vite/bin/vite.js");
  for (const { folder } of published.filter(({ isSite }) => isSite)) {
    run(join(stage, folder), vite, ["build", "--emptyOutDir", "--logLevel", "error", "--outDir", "dist/site"]);
  }
}

function run(cwd: string, program: string, args: readonly string[]): void {
  // With another one pages would be made for development, and name the folder that they were made in.
  const env = { ...process.env, NODE_ENV: "production" };
  try {
    execFileSync(process.execPath, [program, ...args], {
      cwd,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`the build failed; npm run check says more:\n${stdout}${stderr}`, { cause: error });
  }
}

/** From now on the folder holds what is published, and what npm leaves out. */
function prepare(stage: string, workspace: Workspace): void {
  const folder = join(stage, workspace.folder);
  const manifest = publishedManifest(workspace);
  if (!workspace.isSite) keepWhatIsReached(folder, manifest);
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(stage, "LICENSE"), join(folder, "LICENSE"));
  if (!existsSync(join(folder, "README.md"))) throw new Error(`${workspace.folder} has no README.md: write one`);
}

/** npm writes the same moment and owner for every file, in the order of their names. */
function packOne(stage: string, { folder, manifest }: Workspace, target: string): Packed {
  const args = ["pack", `./${folder}`, "--json", "--offline", "--ignore-scripts", "--pack-destination", stage];
  const env = { ...process.env, npm_config_userconfig: join(stage, ".npmrc") };
  const told = execFileSync("npm", args, { cwd: stage, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const [about] = JSON.parse(told) as { filename: string; unpackedSize: number; entryCount: number }[];
  if (about === undefined) throw new Error(`npm packed nothing of ${folder}`);
  const file = about.filename;
  const bytes = readFileSync(join(stage, file));
  // Whoever looks into the folder meanwhile sees a whole file or none.
  writeFileSync(join(target, `.${file}`), bytes);
  renameSync(join(target, `.${file}`), join(target, file));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const { unpackedSize: unpackedBytes, entryCount: files } = about;
  return { name: manifest.name, file, bytes: bytes.length, unpackedBytes, files, sha256 };
}

function refuseFindings(packed: readonly Packed[], target: string, places: readonly string[]): void {
  const findings = packed.flatMap(({ file }) => findingsIn(join(target, file), places).map((one) => `${file} ${one}`));
  if (findings.length === 0) return;
  for (const { file } of packed) rmSync(join(target, file));
  throw new Error(`no tarball was written:\n${findings.join("\n")}`);
}
