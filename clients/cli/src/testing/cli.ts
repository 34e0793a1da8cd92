import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHex } from "@countersign/protocol";
import {
  APP_TOKEN,
  FakeCore,
  startFakeDaemon,
  TestFidoKey,
  type FakeDaemon,
  type KeyAct,
} from "@countersign/sdk/testing";
import type { Io } from "../output/terminal.ts";
import { run } from "../run.ts";

/** What one command line wrote and how it ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Lines of --json, parsed. */
  json(): Record<string, unknown>[];
}

/** The command with a fake core and a fake key on this machine, and a folder of its own. */
export class CliWorld {
  readonly folder: string;
  readonly config: string;
  readonly core: FakeCore;
  readonly daemon: FakeDaemon;
  /** What is typed where a secret is asked for; then nothing. */
  readonly typed: string[] = [];
  /** As `typed`, where no secret is asked for. */
  readonly lines: string[] = [];
  /** Presses Ctrl-C in the command that runs. */
  interrupt: () => void = () => undefined;
  #now = 0;

  private constructor(folder: string, core: FakeCore, daemon: FakeDaemon) {
    this.folder = folder;
    this.core = core;
    this.daemon = daemon;
    this.config = join(folder, "config.json");
  }

  static async open(acts: readonly KeyAct[] = [], fido = false): Promise<CliWorld> {
    const folder = mkdtempSync(join(tmpdir(), "countersign-cli-"));
    const core = await new FakeCore().start();
    const key = fido ? new TestFidoKey(`${core.serverId}.countersign.invalid`) : undefined;
    const daemon = await startFakeDaemon(join(folder, "daemon.sock"), acts, key);
    core.userKey = daemon.key;
    const world = new CliWorld(folder, core, daemon);
    world.setToken(APP_TOKEN);
    world.write(world.config, JSON.stringify(world.settings()));
    return world;
  }

  settings(): Record<string, unknown> {
    const { core, daemon } = this;
    const pins = { serverId: core.serverId, coreKeys: [toHex(core.receiptKey.coseKey)] };
    return { core: core.address, ...pins, tokenFile: join(this.folder, "token"), daemon: daemon.socket, user: "ada" };
  }

  setToken(token: string): void {
    this.write(join(this.folder, "token"), `${token}\n`);
  }

  write(path: string, text: string | Uint8Array): string {
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  close(): void {
    this.core.stop();
    this.daemon.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs with the world's configuration. */
  run(...args: readonly string[]): Promise<Ran> {
    return this.runBare("--config", this.config, ...args);
  }

  async runBare(...args: readonly string[]): Promise<Ran> {
    return this.runWith({ env: {}, tty: false }, ...args);
  }

  async runWith(
    given: { readonly env: Record<string, string>; readonly tty: boolean; readonly columns?: number },
    ...args: readonly string[]
  ): Promise<Ran> {
    let [out, err] = ["", ""];
    const io: Io = {
      stdout: { isTTY: given.columns !== undefined, columns: given.columns, write: (text) => (out += text) },
      stderr: { isTTY: given.tty, write: (text) => (err += text) },
      env: { HOME: this.folder, ...given.env },
      folder: this.folder,
      onInterrupt: (handler) => {
        this.interrupt = handler;
        return () => (this.interrupt = () => undefined);
      },
      readSecret: async () => this.typed.shift(),
      readLine: async () => this.lines.shift(),
      now: () => (this.#now += 1000),
    };
    const code = await run(args, io);
    const json = (): Record<string, unknown>[] =>
      out
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { code, out, err, json };
  }
}
