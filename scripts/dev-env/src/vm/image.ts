import { spawnSync } from "node:child_process";
import { stripTypeScriptTypes } from "node:module";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { ROOT } from "@countersign/testing/child";
import { CpioWriter } from "./cpio.ts";
import { productionPackages } from "./packages.ts";

/** What the guest runs, from source, with all that these need. */
const WORKSPACES = [
  ...["core/server", "bots/sandbox", "device-daemon/daemon", "device-daemon/emulator", "clients/cli"],
  ...["examples/bank", "scripts/dev-env"],
];

/** Never loaded by what runs in the guest: a test runner, types. */
const WITHOUT = ["@jest/globals", "@types/node", "@types/long", "typescript"];

/** Where the workspace lies in the guest. */
export const GUEST_ROOT = "/countersign";

/** Parts of an installed package that no program on Linux x64 loads. */
const DEAD =
  /\/(?:test|tests|docs|hidapi|\.github)\/|\.(?:d\.[cm]?ts|map|md|markdown)$|\/(?:win32|darwin)|-(?:arm|arm64|ia32|musl)\//;

/** What a guest gets beside the workspace. */
export interface ImageParts {
  /** Unpacked kernel package: `boot/`, `lib/modules/`. */
  readonly kernel: string;
  /** Modules to take along, by name. */
  readonly modules: readonly string[];
  /** Programs of this machine with their libraries, by absolute path. */
  readonly programs: readonly string[];
  /** Other files: path in the guest, path here. */
  readonly files: Readonly<Record<string, string>>;
}

/** Writes the archive that the kernel boots into: `/init`, busybox, Node, the programs, the product from source. */
export function writeImage(out: string, parts: ImageParts): void {
  const file = openSync(out, "w");
  try {
    const image = new CpioWriter(file);
    addTools(image, parts);
    addProduct(image);
    for (const [path, source] of Object.entries(parts.files)) image.add(path, readFileSync(source));
    for (const name of parts.modules) image.add(`/modules/${name}.ko`, readFileSync(moduleOf(parts.kernel, name)));
    image.end();
  } finally {
    closeSync(file);
  }
}

/** The kernel itself, of an unpacked package. Throws where it is absent. */
export function kernelOf(folder: string): string {
  const boot = join(folder, "boot");
  const found = existsSync(boot) ? readdirSync(boot).find((name) => name.startsWith("vmlinuz-")) : undefined;
  if (found === undefined) throw new Error(`no kernel in ${boot}; run scripts/install-peers qemu`);
  return join(boot, found);
}

function moduleOf(kernel: string, name: string): string {
  const modules = join(kernel, "lib/modules");
  const found = readdirSync(modules, { recursive: true, encoding: "utf8" }).find(
    (each) => basename(each) === `${name}.ko`,
  );
  if (found === undefined) throw new Error(`the kernel in ${kernel} has no module ${name}`);
  return join(modules, found);
}

function addTools(image: CpioWriter, { programs }: ImageParts): void {
  image.add("/init", readFileSync(join(ROOT, "scripts/vm/init")), 0o755);
  image.add("/plain-sources.mjs", readFileSync(join(ROOT, "scripts/vm/plain-sources.mjs")));
  image.add("/bin/busybox", readFileSync("/bin/busybox"), 0o755);
  image.link("/bin/sh", "busybox");
  const known = new Set<string>();
  const addLibraries = (program: string): void => {
    for (const library of librariesOf(program)) {
      if (known.has(library)) continue;
      known.add(library);
      image.add(library, readFileSync(library), 0o755);
    }
  };
  image.add("/usr/bin/node", readFileSync(process.execPath), 0o755);
  addLibraries(process.execPath);
  for (const program of programs) {
    image.add(`/usr/bin/${basename(program)}`, readFileSync(program), 0o755);
    addLibraries(program);
  }
  for (const native of nativeModules()) addLibraries(native);
}

function nativeModules(): string[] {
  const prebuilds = join(ROOT, "node_modules/node-hid/prebuilds/HID_hidraw-linux-x64");
  return readdirSync(prebuilds).map((name) => join(prebuilds, name));
}

function librariesOf(program: string): string[] {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return [...stdout.matchAll(/(\/\S+\.so\S*)/g)].map(([, path = ""]) => path);
}

function addProduct(image: CpioWriter): void {
  const top = realpathSync(ROOT);
  image.add(`${GUEST_ROOT}/package.json`, readFileSync(join(top, "package.json")));
  const folders = productionPackages(top, WORKSPACES, WITHOUT);
  for (const folder of folders) {
    const path = relative(top, folder);
    const isOurs = !path.startsWith("node_modules");
    for (const name of filesOf(folder, isOurs)) {
      image.add(`${GUEST_ROOT}/${path}/${name}`, contentOf(join(folder, name), isOurs), modeOf(name));
    }
    if (isOurs) image.link(`${GUEST_ROOT}/node_modules/${nameOf(folder)}`, `${GUEST_ROOT}/${path}`);
  }
}

const nameOf = (folder: string): string =>
  (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly name: string }).name;

// Types are blanked out here, once and fast; scripts/vm/plain-sources.mjs has Node take them as they are.
function contentOf(file: string, isOurs: boolean): Uint8Array {
  const bytes = readFileSync(file);
  if (!isOurs || !file.endsWith(".ts")) return bytes;
  return new TextEncoder().encode(stripTypeScriptTypes(bytes.toString("utf8")));
}

const modeOf = (name: string): number => (name.endsWith(".node") ? 0o755 : 0o644);

function* filesOf(folder: string, isOurs: boolean, below = ""): Generator<string> {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      const skipped = entry.name === "node_modules" || (isOurs && entry.name === "dist");
      if (!skipped) yield* filesOf(folder, isOurs, name);
    } else if (entry.isFile() && (isOurs ? isRun(name) : !DEAD.test(`/${name}`))) {
      yield name;
    }
  }
}

const isRun = (name: string): boolean => !/\.test\.ts$|\.tsbuildinfo$|\.md$/.test(name);
