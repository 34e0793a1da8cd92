import { appendFileSync, mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startChild, type Child } from "@countersign/testing/child";
import type { Installation } from "../installation.ts";
import { ACKNOWLEDGED, ARMED, LIVES } from "./crashing-store.ts";
import { textOf, type CrashAt } from "./effect.ts";

const PATIENCE_MS = 120_000;

/**
 * The core of an installation, made mortal: it dies where it is told to and is started again on the same data and port.
 * The next processes wait, loaded, until it is their turn: so a death costs as long as opening the store does.
 */
export class CrashingCore {
  readonly #installation: Installation;
  readonly #folder: string;
  #child: Child;
  readonly #next: Promise<Child>[] = [];
  #failure: Error | undefined;
  #stopping = false;

  private constructor(installation: Installation, folder: string, child: Child) {
    this.#installation = installation;
    this.#folder = folder;
    this.#child = child;
    this.#loadNext();
    this.#keepAlive().catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      appendFileSync(join(folder, LIVES), "failed\n");
    });
  }

  /** Ends the installation's own core as a power cut would and takes its place. */
  static async inPlaceOf(installation: Installation): Promise<CrashingCore> {
    const folder = join(installation.folder, "crash");
    mkdirSync(folder);
    for (const name of [ACKNOWLEDGED, LIVES]) writeFileSync(join(folder, name), "");
    const child = await load(installation, folder);
    await installation.core().stop("SIGKILL");
    const core = new CrashingCore(installation, folder, child);
    await core.#serve();
    return core;
  }

  /**
   * From now on the core dies as soon as it gets to the first place, the restarted one at the next, once each. Resolves
   * when all who follow are loaded: clients wait for a core that comes back, not for a machine that loads it.
   */
  async arm(at: readonly CrashAt[]): Promise<void> {
    while (this.#next.length < at.length) this.#loadNext();
    await Promise.all(this.#next);
    writeFileSync(join(this.#folder, ARMED), at.map(textOf).join("\n"));
  }

  /** How often it died and serves again. */
  get deaths(): number {
    return this.#lives() - 1;
  }

  /** Ids of the change sets that the store acknowledged, in order, over all lives. */
  acknowledged(): string[] {
    // What follows the last line break is still being written.
    const lines = readFileSync(join(this.#folder, ACKNOWLEDGED), "utf8").split("\n").slice(0, -1);
    return lines.map((line) => line.slice(0, line.indexOf(" ")));
  }

  /** Waits until it is so; looked at after each commit and each start of the core. */
  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    let change = Promise.withResolvers<void>();
    let isLate = false;
    const watcher = watch(this.#folder, () => change.resolve());
    const late = setTimeout(() => {
      isLate = true;
      change.resolve();
    }, PATIENCE_MS);
    try {
      while (!(await isSo())) {
        if (this.#failure !== undefined) throw this.#failure;
        if (isLate) throw new Error(`waited ${PATIENCE_MS} ms in vain for: ${what}\n${this.#child.output()}`);
        await change.promise;
        change = Promise.withResolvers<void>();
      }
    } finally {
      clearTimeout(late);
      watcher.close();
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#child.stop();
    for (const next of this.#next) await (await next).stop();
  }

  /** Lets the loaded process open the store and serve. */
  async #serve(): Promise<void> {
    const lives = this.#lives();
    this.#child.process.kill("SIGUSR2");
    await this.until("the core serves", () => this.#lives() > lives);
  }

  #loadNext(): void {
    this.#next.push(load(this.#installation, this.#folder));
  }

  #lives(): number {
    return readFileSync(join(this.#folder, LIVES), "utf8").split("\n").length - 1;
  }

  async #keepAlive(): Promise<void> {
    for (;;) {
      const ended = await exitOf(this.#child);
      if (this.#stopping) return;
      if (ended !== "SIGKILL") throw new Error(`the core ended with ${ended}:\n${this.#child.output()}`);
      const next = this.#next.shift();
      if (next === undefined) throw new Error(`the core died where it was not told to:\n${this.#child.output()}`);
      this.#child = await next;
      await this.#serve();
      this.#loadNext();
    }
  }
}

function exitOf({ process }: Child): Promise<number | NodeJS.Signals> {
  const known = process.exitCode ?? process.signalCode;
  if (known !== null) return Promise.resolve(known);
  return new Promise((resolve) => process.once("exit", (code, signal) => resolve(code ?? signal ?? 1)));
}

function load({ folder, coreAddress }: Installation, crashFolder: string): Promise<Child> {
  return startChild("scripts/dev-env/src/crash/crashing-core-main.ts", [
    ...["--crash-folder", crashFolder, "--listen", coreAddress],
    ...["--data", join(folder, "data"), "--secrets", join(folder, "secrets")],
  ]);
}
