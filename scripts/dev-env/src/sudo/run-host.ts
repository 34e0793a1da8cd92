import { spawnSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { launchOf, ROOT } from "@countersign/testing/child";
import { Scene } from "../scenarios/scene.ts";
import { clearLeftovers } from "./own-name.ts";
import { addAccount, addRunSettings, addSudoRules, asAccount, has, isRoot, type Typed } from "./peers.ts";

/** Whether real sudo can be tried here, on a terminal. */
export const hasSudo: boolean = isRoot && has("/usr/bin/sudo") && has("/usr/bin/script");

/** A host with an account that may run `countersign-run` by sudo, and nothing else. */
export class RunHost {
  readonly scene: Scene;
  readonly account: ReturnType<typeof addAccount>;
  /** Path of `countersign-run`. */
  readonly program: string;
  readonly #folder: string;
  readonly #rules: ReturnType<typeof addSudoRules>;
  #marks = 0;

  private constructor(folder: string, scene: Scene) {
    this.scene = scene;
    this.#folder = folder;
    this.program = join(folder, "countersign-run");
    symlinkSync(join(ROOT, "examples/sudo/countersign-run"), this.program);
    this.account = addAccount();
    this.#rules = addSudoRules([`${this.account.name} ALL=(root) NOPASSWD: ${this.program}`]);
  }

  static async open(folder: string): Promise<RunHost> {
    clearLeftovers();
    const scene = await Scene.open({ folder, mode: "B" });
    // The bank claims whatever its tenant confirms; hosts have a tenant of their own.
    await scene.stopBank();
    return new RunHost(folder, scene);
  }

  /** Makes this user the owner of the account; `more` says what differs in its settings. */
  configure(user: string, more: Readonly<Record<string, unknown>> = {}): ReturnType<typeof addRunSettings> {
    const { coreAddress: core, serverId, corePublicKey, submitTokenFile, executeTokenFile } = this.scene.installation;
    const given = { core, serverId, coreKeys: [corePublicKey], tokenFile: submitTokenFile, executeTokenFile, user };
    return addRunSettings(this.account.name, { ...given, patience: 3, ...more });
  }

  /** The account types `sudo countersign-run WORDS`. */
  sudo(...words: readonly string[]): Typed {
    return asAccount(this.account, ["sudo", this.program, ...words]);
  }

  /**
   * What whoever types WORDS means by it, one `Label: value` a line, as `countersign exec --dry-run` tells beforehand; all
   * but the digest, which is another one every time.
   */
  meantBy(settings: { readonly path: string }, ...words: readonly string[]): string {
    const args = ["--config", settings.path, "exec", "--dry-run", "--", ...words];
    const { program, args: all, env } = launchOf(join(ROOT, "clients/cli/src/main.ts"), args);
    const { stdout, stderr } = spawnSync(program, all, {
      cwd: this.account.home,
      env,
      encoding: "utf8",
    });
    const lines = [...stdout.matchAll(/^(?!Digest)(\S+) +(.*)$/gm)];
    if (lines.length === 0) throw new Error(`countersign exec --dry-run:\n${stderr}`);
    return lines.map(([, label, value]) => `${label}: ${value}`).join("\n");
  }

  /** A file that is there once a command has made it. */
  newMark(): string {
    this.#marks += 1;
    return join(this.#folder, `ran-${this.#marks}`);
  }

  async close(): Promise<void> {
    this.#rules.remove();
    this.account.remove();
    await this.scene.close();
  }
}
