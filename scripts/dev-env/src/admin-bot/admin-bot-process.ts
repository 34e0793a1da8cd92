import { join } from "node:path";
import { runOnce, startChild, type Child } from "@countersign/testing/child";
import type { Installation } from "../installation.ts";

const MAIN = "bots/admin/src/main.ts";

/** The administrators' bot as a process that ends and is started again. */
export class AdminBotProcess {
  readonly #config: string;
  #bot: Child | undefined;
  #earlier = "";

  /** `config`: its file of settings. */
  constructor(config: string) {
    this.#config = config;
  }

  /** With other settings: resolves with the process, rejects when it ends before it is ready. */
  static startWith(config: string): Promise<Child> {
    return startChild(MAIN, ["--config", config]);
  }

  async start(): Promise<void> {
    this.#bot = await AdminBotProcess.startWith(this.#config);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals | undefined> {
    const ended = await this.#bot?.stop(signal);
    this.#earlier += this.#bot?.output() ?? "";
    this.#bot = undefined;
    return ended;
  }

  /** All that its processes have written. */
  output(): string {
    return this.#earlier + (this.#bot?.output() ?? "");
  }
}

/** An administrator of this role, written into the store of the core, which is down meanwhile. Resolves with his token's file. */
export async function appoint(installation: Installation, role: string, out: string): Promise<string> {
  const { folder } = installation;
  await installation.core().stop();
  const flags = ["--data", join(folder, "data"), "--secrets", join(folder, "secrets"), "--name", `test-${role}`];
  await runOnce("core/server/src/store/testing/appoint-main.ts", [...flags, "--role", role, "--out", out]);
  await installation.restartCore();
  return out;
}
