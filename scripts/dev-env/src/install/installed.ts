// What scripts/pack writes, installed into an empty folder, where every part of a test's installation is started from.
import { execFile, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { ROOT, type Launch } from "@countersign/testing/child";

const run = promisify(execFile);
const MOST_OUTPUT = 1 << 26;

/** Mounts of its own, in which the checkout is an empty folder. */
const HIDE = 'mount -t tmpfs -o size=4k none "$0" && exec "$@"';
const APART = ["--mount", ...(process.getuid?.() === 0 ? [] : ["--map-root-user"])];

/** Whether this machine lets us hide the checkout from a process. */
export const mayHide: boolean =
  spawnSync("unshare", [...APART, "sh", "-c", "mount -t tmpfs none /mnt"], { stdio: "ignore" }).status === 0;

/** Runs scripts/pack. Resolves with the names of the tarballs. */
export async function packInto(folder: string): Promise<readonly string[]> {
  await run(join(ROOT, "scripts/pack"), [folder], { maxBuffer: MOST_OUTPUT });
  return readdirSync(folder).filter((name) => name.endsWith(".tgz"));
}

/** An empty folder with tarballs installed, and a Node of its own. */
export class Installed {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string) {
    this.folder = folder;
    const [bin, home] = [join(folder, "bin"), join(folder, "home")];
    this.#env = { PATH: `${bin}:/usr/bin:/bin`, HOME: home, LANG: "C.UTF-8" };
  }

  /** By npm alone, as docs/how-to/install.md says; what npm has kept of the packages of others is used first. */
  static async from(tarballs: readonly string[], folder: string): Promise<Installed> {
    mkdirSync(join(folder, "bin"), { recursive: true });
    mkdirSync(join(folder, "home"));
    copyFileSync(process.execPath, join(folder, "bin/node"));
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
    await run("npm", ["install", ...flags, ...tarballs], { cwd: folder, env, maxBuffer: MOST_OUTPUT });
    return new Installed(folder);
  }

  /** Commands that our packages brought, by name. */
  get commands(): readonly string[] {
    return readdirSync(join(this.folder, "node_modules/.bin")).filter((name) => name.startsWith("countersign"));
  }

  /** Starts what stands for a main file of the source tree. */
  readonly launch = (entry: string, args: readonly string[]): Launch => {
    const file = relative(ROOT, resolve(ROOT, entry));
    const source = join(ROOT, file.slice(0, file.indexOf("/src/")), "package.json");
    const { bin = {} } = JSON.parse(readFileSync(source, "utf8")) as { bin?: Record<string, string> };
    const [command] = Object.keys(bin);
    if (command === undefined) throw new Error(`${file} is no command of an installed package`);
    return this.#start(command, args);
  };

  /** Runs a command to its end. Rejects when it does not exit with 0. */
  async tell(command: string, ...args: string[]): Promise<string> {
    const way = this.#start(command, args);
    const { stdout } = await run(way.program, way.args, { cwd: way.cwd, env: way.env, maxBuffer: MOST_OUTPUT });
    return stdout;
  }

  #start(command: string, args: readonly string[]): Launch {
    const path = join(this.folder, "node_modules/.bin", command);
    if (!existsSync(path)) throw new Error(`${command} is not installed in ${this.folder}`);
    const place = { cwd: this.folder, env: this.#env };
    if (!mayHide) return { program: path, args, ...place };
    return { program: "unshare", args: [...APART, "sh", "-c", HIDE, ROOT, path, ...args], ...place };
  }
}

/** What of a running process could have come from the checkout: its arguments, places, mapped files, and all that it sees there. */
export function tracesOfCheckout(pid: number): readonly string[] {
  const checkout = ROOT.replace(/\/$/, "");
  const proc = `/proc/${pid}`;
  const texts = ["cmdline", "environ", "maps", "mountinfo"].map((name) => [
    name,
    readFileSync(join(proc, name), "latin1"),
  ]);
  const places = ["cwd", "exe"].map((name) => [name, linkOf(join(proc, name))]);
  const named = [...texts, ...places]
    // The mount that hides it names it.
    .map(([name = "", text = ""]) => [name, name === "mountinfo" ? "" : text] as const)
    .flatMap(([name, text]) => (text.includes(checkout) ? [`${name} names the checkout`] : []));
  return [...named, ...readdirSync(join(proc, "root", checkout)).map((name) => `it sees ${name}`)];
}

const linkOf = (path: string): string => spawnSync("readlink", [path], { encoding: "utf8" }).stdout;
