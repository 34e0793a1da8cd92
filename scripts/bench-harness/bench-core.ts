// A real core of its own: bootstrapped on a fresh folder, served as a process on a free port of loopback.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex, macKey, type MacKey } from "@countersign/protocol";
import { type Child, runOnce, startChild } from "@countersign/testing/child";

const MAIN = "core/server/src/main.ts";
/** The product's first channel: notice, code and outcome are three messages. */
export const PLATFORM = "telegram";

/** A running core and what its folder tells about it. */
export interface BenchCore {
  readonly address: string;
  readonly serverId: string;
  readonly pid: number;
  readonly appToken: string;
  readonly botToken: string;
  /** K_code, read from the secrets folder: stands in for the phone while delivery is off. */
  readonly codeKey: MacKey;
  stop(): Promise<void>;
  /** By SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Makes the tenant with its app and bot, in a folder that exists and is empty. `policy`: members that are not the default. */
export async function bootstrapCore(folder: string, policy: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const at = ["--data", join(folder, "data"), "--secrets", join(folder, "secrets"), "--out", join(folder, "tokens")];
  const tenant = ["--tenant", "bench", "--issuer", "Bench Bank", "--app", "app:submit", "--bot", `bot:${PLATFORM}`];
  const file = join(folder, "policy.json");
  writeFileSync(file, JSON.stringify(policy));
  await runOnce(MAIN, ["bootstrap", ...at, ...tenant, "--policy", file]);
}

/** Serves the folder. With `profileTo`, writes a .cpuprofile into that folder when it ends. */
export async function serveCore(folder: string, profileTo?: string): Promise<BenchCore> {
  if (profileTo !== undefined) mkdirSync(profileTo, { recursive: true });
  const profiling = profileTo === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileTo}` };
  const child: Child = await startChild(
    MAIN,
    [
      ...["serve", "--data", join(folder, "data"), "--secrets", join(folder, "secrets")],
      ...["--listen", "127.0.0.1:0", "--log-level", "warn", "--development"],
    ],
    profiling,
  );
  const { address, serverId } = child.ready;
  return {
    address: String(address),
    serverId: String(serverId),
    pid: child.process.pid ?? 0,
    appToken: join(folder, "tokens/app.token"),
    botToken: join(folder, "tokens/bot.token"),
    codeKey: macKey(fromHex(readFileSync(join(folder, "secrets/code.key"), "utf8").trim())),
    stop: async () => {
      const code = await child.stop();
      if (code !== 0) throw new Error(`the core ended with ${code}:\n${child.output()}`);
    },
    kill: async () => void (await child.stop("SIGKILL")),
  };
}
