// A core of one's own to be hostile to: bootstrapped on a folder, served as a process on free ports of loopback.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex, macKey, type MacKey } from "@countersign/protocol";
import { runOnce, startChild } from "@countersign/testing/child";

const MAIN = "core/server/src/main.ts";
const YOUNG_MB = 4;
const ORIGIN = "https://page.example";

export interface OwnCore {
  readonly address: string;
  /** Where pages of `origin` may call. */
  readonly webAddress: string;
  readonly origin: string;
  readonly adminAddress: string;
  readonly serverId: string;
  readonly pid: number;
  /** Bearer tokens of an app for each scope and of a bot. */
  readonly tokens: { readonly submit: string; readonly execute: string; readonly bot: string };
  readonly codeKey: MacKey;
  /** Kilobytes of its memory that are in RAM. */
  rssKb(): number;
  /** CPU time so far, in milliseconds. */
  cpuMs(): number;
  readonly isAlive: boolean;
  /** All that it wrote. */
  output(): string;
  /** Resolves with how it ended. */
  stop(): Promise<number | NodeJS.Signals>;
}

export interface OwnCoreOptions {
  /** Absent: the embedded store in the folder. */
  readonly store?: string | undefined;
  readonly platform?: string;
  /** Megabytes of its heap. Absent: as Node sees fit, which is to let it grow while there is memory. */
  readonly heapMb?: number;
  /** Flags of `serve` beside the usual ones. */
  readonly flags?: readonly string[];
}

/** `folder` exists and is empty. */
export async function startOwnCore(folder: string, options: OwnCoreOptions = {}): Promise<OwnCore> {
  const { store, platform = "telegram", flags = [], heapMb } = options;
  const at = store === undefined ? ["--data", join(folder, "data")] : ["--store", store];
  const secrets = ["--secrets", join(folder, "secrets")];
  const parts = ["--app", "app:submit", "--app", "till:execute", "--bot", `bot:${platform}`];
  const tenant = ["--tenant", "fuzz", "--issuer", "Fuzz Bank", "--out", join(folder, "tokens"), ...parts];
  await runOnce(MAIN, ["bootstrap", ...at, ...secrets, ...tenant]);
  const listen = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
  const web = ["--web-listen", "127.0.0.1:0", "--web-origins", ORIGIN];
  const serve = ["serve", ...at, ...secrets, ...listen, ...web, "--log-level", "error", "--development", ...flags];
  // Of a young generation, too: Node lets it grow to 128 MB while the core is busy, nothing is kept in it, and it counts
  // for the heap's limit, at which all is collected again and again.
  const small = `--max-old-space-size=${heapMb} --max-semi-space-size=${YOUNG_MB}`;
  const env = heapMb === undefined ? {} : { NODE_OPTIONS: small };
  const child = await startChild(MAIN, serve, env);
  const { address, webAddress, adminAddress, serverId } = child.ready;
  const token = (name: string): string => readFileSync(join(folder, "tokens", `${name}.token`), "utf8").trim();
  const pid = child.process.pid ?? 0;
  return {
    ...{ address: String(address), webAddress: String(webAddress), adminAddress: String(adminAddress), origin: ORIGIN },
    ...{ serverId: String(serverId), pid },
    tokens: { submit: token("app"), execute: token("till"), bot: token("bot") },
    codeKey: macKey(fromHex(readFileSync(join(folder, "secrets/code.key"), "utf8").trim())),
    rssKb: () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]),
    cpuMs: () => cpuMsOf(pid),
    get isAlive() {
      return child.process.exitCode === null && child.process.signalCode === null;
    },
    output: () => child.output(),
    stop: () => child.stop(),
  };
}

/** CPU time of a process: fields 14 and 15 of its stat, in hundredths of a second; the name before them may hold anything. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user = "0", system = "0"] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return 10 * (Number(user) + Number(system));
}
