import { spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FROM_SOURCE, ROOT } from "@countersign/testing/child";
import type { Installation } from "../installation.ts";

/** Whether git is here. */
export const hasGit: boolean = spawnSync("git", ["--version"]).status === 0;

/** How a push ended. */
export interface PushEnd {
  readonly exitCode: number;
  /** What the pusher saw. */
  readonly output: string;
}

/** A push that runs. */
export interface Push {
  readonly ended: Promise<PushEnd>;
  /** What the pusher has seen, once a line of it fits. */
  shows(line: RegExp): Promise<RegExpExecArray>;
  /** Ends it with the server's side of it, hook and all: SIGINT, as Ctrl-C does, or another signal. */
  interrupt(signal?: NodeJS.Signals): void;
}

/** A bare repository with the hook of examples/deploy, and a clone of somebody who pushes to it. */
export class GitServer {
  readonly bare: string;
  readonly clone: string;
  readonly #config: string;
  readonly #installation: Installation;
  #commits = 0;

  constructor(installation: Installation) {
    const folder = mkdtempSync(join(installation.folder, "git-"));
    this.#installation = installation;
    this.bare = join(folder, "shop.git");
    this.clone = join(folder, "clone");
    this.#config = join(folder, "deploy.json");
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", this.bare);
    git(folder, "init", "--quiet", "--initial-branch=main", this.clone);
    copyFileSync(join(ROOT, "examples/deploy/pre-receive"), join(this.bare, "hooks/pre-receive"));
    chmodSync(join(this.bare, "hooks/pre-receive"), 0o755);
    mkdirSync(join(folder, "bin"));
    this.set("command", putCountersign(join(folder, "bin")));
    this.set("config", this.#config);
    this.set("timeout", "120");
    this.reach(installation.coreAddress);
  }

  /** A setting of the hook, as the server's administrator writes it. */
  set(name: string, value: string): void {
    git(this.bare, "config", `countersign.${name}`, value);
  }

  /** Where the server's gate finds the core. */
  reach(core: string): void {
    const { serverId, corePublicKey, submitTokenFile: tokenFile, executeTokenFile } = this.#installation;
    const settings = { core, serverId, coreKeys: [corePublicKey], tokenFile, executeTokenFile, patience: 3 };
    writeFileSync(this.#config, JSON.stringify(settings), { mode: 0o600 });
  }

  /** Another commit in the clone; its id. */
  commit(): string {
    this.#commits += 1;
    writeFileSync(join(this.clone, "shop.txt"), `version ${this.#commits}\n`);
    git(this.clone, "add", "--all");
    const who = ["-c", "user.name=Somebody Else", "-c", "user.email=else@example.org", "-c", "commit.gpgSign=false"];
    git(this.clone, ...who, "commit", "--quiet", "--message", `Version ${this.#commits}`);
    return git(this.clone, "rev-parse", "HEAD");
  }

  /** Where a ref of the server stands; "" if there is none. */
  at(ref: string): string {
    return spawnSync("git", ["rev-parse", "--verify", "--quiet", ref], { cwd: this.bare }).stdout.toString().trim();
  }

  /** Pushes as this person, as far as the server knows. */
  push(refs: readonly string[], env: NodeJS.ProcessEnv = { REMOTE_USER: "ada" }): Push {
    const { REMOTE_USER: _none, ...rest } = process.env;
    const program = spawn("git", ["push", "--force", this.bare, ...refs], {
      // A group of its own, as a terminal makes one: the server's side of a push over a path is in it.
      ...{ cwd: this.clone, stdio: ["ignore", "pipe", "pipe"], detached: true },
      env: { ...rest, LC_ALL: "C", ...env },
    });
    let output = "";
    let wake = Promise.withResolvers<void>();
    let gone = false;
    const changed = (): void => {
      wake.resolve();
      wake = Promise.withResolvers<void>();
    };
    for (const stream of [program.stdout, program.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        changed();
      });
    }
    const ended = new Promise<PushEnd>((resolve, reject) => {
      program.once("error", reject);
      program.once("close", (code) => {
        gone = true;
        changed();
        resolve({ exitCode: code ?? 1, output });
      });
    });
    const shows = async (line: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const found = line.exec(output);
        if (found !== null) return found;
        if (gone) throw new Error(`the push ended without ${String(line)}:\n${output}`);
        await wake.promise;
      }
    };
    const interrupt = (signal: NodeJS.Signals = "SIGINT"): void => {
      if (!gone && program.pid !== undefined) process.kill(-program.pid, signal);
    };
    return { ended, shows, interrupt };
  }
}

/** Puts `countersign` into a folder, as it is in this repository; its path. */
export function putCountersign(folder: string): string {
  const command = join(folder, "countersign");
  const program = [process.execPath, ...FROM_SOURCE, join(ROOT, "clients/cli/src/main.ts")];
  writeFileSync(command, `#!/bin/sh\nexec ${program.join(" ")} "$@"\n`, { mode: 0o755 });
  return command;
}

/** Runs git and resolves with what it says. */
export function git(cwd: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}
