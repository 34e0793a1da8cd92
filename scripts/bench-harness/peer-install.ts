// privacyIDEA in a Python environment of its own below .peers, made on first use. Not among the tests' peers: it takes minutes.
import { execFile } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "@countersign/testing/child";

const run = promisify(execFile);

const FOLDER = join(ROOT, ".peers/privacyidea");
/** Of PyPI; what they need comes with them. */
const PACKAGES = ["privacyidea==3.14", "gunicorn==27.0.1"] as const;
/** privacyIDEA's own requirement. */
const LEAST_MINOR = 10;
const PYTHONS = ["/usr/bin/python3", "python3.11", "python3"] as const;
const INSTALL_MS = 15 * 60_000;

/** It cannot be had here; the message says what is missing and what to do. */
export class PeerError extends Error {
  override readonly name = "PeerError";
}

/** Programs of an environment that has it. */
export interface Python {
  /** Path of a program of the environment. */
  program(name: "pi-manage" | "gunicorn" | "pip"): string;
  /** Version of privacyIDEA, as pip says. */
  readonly version: string;
}

function program(name: string): string {
  return join(FOLDER, "bin", name);
}

/** Installs it if it is not there. Throws PeerError. */
export async function ensurePrivacyIdea(say: (line: string) => void, signal: AbortSignal): Promise<Python> {
  if (!existsSync(program("pi-manage")) || !existsSync(program("gunicorn"))) await install(say, signal);
  const { stdout } = await run(program("pip"), ["show", "--disable-pip-version-check", "privacyidea"], { signal });
  return { program, version: versionIn(stdout) };
}

async function install(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const python = await findPython(signal);
  rmSync(FOLDER, { recursive: true, force: true });
  say(`making a Python environment in ${FOLDER}`);
  try {
    await run(python, ["-m", "venv", FOLDER], { signal });
  } catch (error) {
    throw new PeerError(`${python} makes no environment; on Debian: apt-get install python3-venv\n${whatOf(error)}`);
  }
  say(`installing ${PACKAGES.join(" and ")} with what they need (some 60 packages)`);
  try {
    const args = ["install", "-q", "--disable-pip-version-check", "--no-input", ...PACKAGES];
    await run(program("pip"), args, { signal, timeout: INSTALL_MS });
  } catch (error) {
    rmSync(FOLDER, { recursive: true, force: true });
    throw new PeerError(`${PACKAGES.join(", ")} could not be installed from PyPI:\n${whatOf(error)}`);
  }
}

/** The first that is new enough. */
async function findPython(signal: AbortSignal): Promise<string> {
  for (const python of PYTHONS) {
    try {
      const { stdout } = await run(python, ["--version"], { signal });
      if (isNewEnough(stdout)) return python;
    } catch {
      signal.throwIfAborted(); // not there: the next one may be
    }
  }
  throw new PeerError(`Python 3.${LEAST_MINOR} or newer is missing; on Debian: apt-get install python3-venv`);
}

/** From what `python3 --version` prints. */
export function isNewEnough(printed: string): boolean {
  const [, major, minor] = /^Python (\d+)\.(\d+)/.exec(printed) ?? [];
  return Number(major) === 3 && Number(minor) >= LEAST_MINOR;
}

/** From what `pip show` prints. */
export function versionIn(printed: string): string {
  const version = /^Version: (\S+)$/m.exec(printed)?.[1];
  if (version === undefined) throw new PeerError(`${FOLDER} has no privacyIDEA: remove it, and it is installed anew`);
  return version;
}

function whatOf(error: unknown): string {
  return error instanceof Error ? error.message.split("\n").slice(-5).join("\n") : String(error);
}
