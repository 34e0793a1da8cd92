import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@countersign/testing/child";
import { fencedBlocks } from "@countersign/testing/doc-blocks";
import type { Installation } from "../installation.ts";
import { git, putCountersign } from "./git-server.ts";

/** Tools that act on production. Here they note how they were called. */
const TOOLS = ["terraform", "kubectl", "vault"] as const;

/** How a job ended. */
export interface JobEnd {
  readonly exitCode: number;
  readonly output: string;
}

/** A job that runs. */
export interface Job {
  readonly ended: Promise<JobEnd>;
  /** The two words that the approver is told; rejects when the job ends without. */
  readonly tag: Promise<string>;
}

/** A machine that runs the jobs of a pipeline: a checkout, `countersign` on its PATH, and tools that note their calls. */
export class Runner {
  readonly #folder: string;
  readonly #checkout: string;
  readonly #log: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(installation: Installation, approver: string) {
    this.#folder = mkdtempSync(join(installation.folder, "runner-"));
    this.#checkout = join(this.#folder, "checkout");
    this.#log = join(this.#folder, "calls");
    const bin = join(this.#folder, "bin");
    for (const one of [this.#checkout, bin]) mkdirSync(one);
    putCountersign(bin);
    const note = (name: string, more = ""): string => `#!/bin/sh\necho "${name} $*" >>"${this.#log}"\n${more}`;
    for (const name of TOOLS) writeFileSync(join(bin, name), note(name, MAKES), { mode: 0o755 });
    writeFileSync(join(this.#checkout, "deploy"), note("deploy"), { mode: 0o755 });
    git(this.#checkout, "init", "--quiet");
    git(this.#checkout, "add", "--all");
    const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgSign=false"];
    git(this.#checkout, ...who, "commit", "--quiet", "--message", "Version 1");
    const config = join(this.#folder, "deploy.json");
    const { coreAddress: core, serverId, corePublicKey, submitTokenFile: tokenFile, executeTokenFile } = installation;
    const settings = { core, serverId, coreKeys: [corePublicKey], tokenFile, executeTokenFile, user: approver };
    writeFileSync(config, JSON.stringify({ ...settings, patience: 3 }));
    chmodSync(config, 0o600);
    this.#env = { PATH: `${bin}:/usr/bin:/bin`, HOME: this.#folder, LC_ALL: "C.UTF-8", COUNTERSIGN_CONFIG: config };
  }

  /** How the tools were called so far. */
  calls(): string[] {
    return existsSync(this.#log) ? readFileSync(this.#log, "utf8").split("\n").slice(0, -1) : [];
  }

  /** Runs a script in the checkout as `shell FILE`. */
  start(shell: readonly [string, ...string[]], script: string, env: NodeJS.ProcessEnv): Job {
    const file = join(this.#folder, "script.sh");
    writeFileSync(file, script);
    const [program, ...flags] = shell;
    const given = { ...this.#env, ...env };
    const running = spawn(program, [...flags, file], {
      cwd: this.#checkout,
      env: given,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const tagged = Promise.withResolvers<string>();
    tagged.promise.catch(() => undefined);
    let output = "";
    for (const stream of [running.stdout, running.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const [, tag] = /^ *([A-Z]{3,} [A-Z]{3,}) /m.exec(output) ?? [];
        if (tag !== undefined) tagged.resolve(tag);
      });
    }
    const ended = new Promise<JobEnd>((resolve, reject) => {
      running.once("error", reject);
      running.once("close", (code) => {
        tagged.reject(new Error(`the job ended without asking:\n${output}`));
        resolve({ exitCode: code ?? 1, output });
      });
    });
    return { ended, tag: tagged.promise };
  }
}

/** What a tool makes for the next command. */
const MAKES = 'case "$1" in plan) echo "the plan" >"$3" ;; kustomize) echo "kind: Service" ;; esac\n';

/** Every `run` of the job in GitHub's file, or the `script` of GitLab's, one for each step. */
export function stepsOf(name: string): string[] {
  const read = spawnSync("/usr/bin/python3", ["-c", READ, join(ROOT, "examples/deploy/pipeline", name)], {
    encoding: "utf8",
  });
  if (read.status !== 0) throw new Error(`${name}: ${read.stderr}`);
  return JSON.parse(read.stdout) as string[];
}

const READ = `
import sys, yaml, json
job = yaml.safe_load(open(sys.argv[1]))
job = job["jobs"]["deploy"] if "jobs" in job else job["deploy"]
print(json.dumps(job["script"] if "script" in job else [step["run"] for step in job["steps"] if "run" in step]))
`;

/** The block of a how-to page that asks a gate. */
export function recipeOf(page: string): string {
  const found = fencedBlocks(`docs/${page}`).find(
    ({ language, body }) => language === "sh" && body.includes("countersign gate"),
  );
  if (found === undefined) throw new Error(`${page} has no block with a gate`);
  return found.body;
}
