import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, runOnce, startChild, type Child } from "@countersign/testing/child";
import { Bot } from "./chat/bot.ts";
import type { Between, ChannelName } from "./chat/chat-service.ts";
import { openTrace, type Trace } from "./trace.ts";

/** One mode of confirming; `docs/architecture.md`. */
export type ModeName = "A" | "B" | "C";

/** A core with one tenant, its bots, the chat services that the bots talk to, and the bank that executes. */
export interface Installation {
  readonly folder: string;
  readonly issuer: string;
  /** Of its first bot. */
  readonly platform: ChannelName;
  readonly coreAddress: string;
  readonly serverId: string;
  /** Hex COSE_Key, as pinned by clients at set-up. */
  readonly corePublicKey: string;
  readonly submitTokenFile: string;
  readonly executeTokenFile: string;
  /** Address of the phone that a chat id sees, on the first channel unless one is named. */
  phoneOf(chatId: string, channel?: ChannelName): string;
  bot(channel?: ChannelName): Bot;
  readonly ledgerFile: string;
  readonly trace: Trace;
  core(): Child;
  /** Everything that the core has written so far, in its earlier lives too. */
  coreOutput(): string;
  /** Bank and chat services, with the bots that run now. */
  readonly children: readonly Child[];
  /** Ends the core as a power cut would and starts it again on the same data and port. */
  restartCore(args?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface InstallationOptions {
  /** A folder of the caller's own; everything is written below it. With what an earlier run left there it goes on. */
  readonly folder: string;
  readonly mode: ModeName;
  /** In any order; the first is the users'. Without it: telegram. */
  readonly channels?: readonly ChannelName[];
  readonly trace?: Trace;
  /** What stands between the bots and their providers; nothing without it. */
  readonly between?: Between;
  /** Where the core listens; a free port of loopback without it. */
  readonly listen?: string;
  /** More flags for the core. */
  readonly coreArgs?: readonly string[];
  /** More members of the tenant's policy; `docs/protocol/policy.md`. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

const ISSUER = "Acme Bank";
const TOKENS = ["desk.token", "bank.token"];

/** Starts everything but the user's own desk. Parts are processes of their own; they end with `stop`, or when one fails. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { folder } = options;
  const channels = options.channels ?? ["telegram"];
  const platform = channels[0] ?? "telegram";
  mkdirSync(join(folder, "tokens"), { recursive: true, mode: 0o700 });
  if (!TOKENS.every((name) => existsSync(join(folder, "tokens", name)))) await bootstrap(options, channels);
  // Reserved, for it comes back on the same one.
  const listen = options.listen ?? `127.0.0.1:${await freePort()}`;
  let core = await serveCore(folder, listen, options.coreArgs ?? []);
  let earlier = "";
  const coreAddress = String(core.ready["address"]);
  const bots: Bot[] = [];
  const others: Child[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(bots.map((bot) => bot.stop()));
    await Promise.all(others.map((child) => child.stop()));
    await core.stop();
  };
  const botOf = (channel: ChannelName = platform): Bot => {
    const bot = bots.find((one) => one.channel === channel);
    if (bot === undefined) throw new Error(`the installation has no bot of ${channel}`);
    return bot;
  };
  try {
    const ledgerFile = join(folder, "ledger.jsonl");
    const bank = startBank(folder, coreAddress, ledgerFile).then((child) => others.push(child));
    const starting = channels.map(async (channel) => bots.push(await Bot.start(channel, { ...options, coreAddress })));
    await Promise.all([...starting, bank]);
    return {
      folder,
      issuer: ISSUER,
      platform,
      coreAddress,
      serverId: String(core.ready["serverId"]),
      corePublicKey: String(core.ready["corePublicKey"]),
      submitTokenFile: join(folder, "tokens/desk.token"),
      executeTokenFile: join(folder, "tokens/bank.token"),
      phoneOf: (chatId, channel) => botOf(channel).phoneOf(chatId),
      bot: botOf,
      ledgerFile,
      trace: options.trace ?? openTrace(undefined),
      core: () => core,
      coreOutput: () => earlier + core.output(),
      get children() {
        return [...others, ...bots.flatMap((bot) => bot.children)];
      },
      restartCore: async (args = []) => {
        await core.stop("SIGKILL");
        earlier += core.output();
        core = await serveCore(folder, coreAddress, args);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Payments recorded so far, one object a ledger line; empty before the first. */
export function readLedger(installation: Pick<Installation, "ledgerFile">): Record<string, unknown>[] {
  try {
    // What follows the last line break is still being written.
    const lines = readFileSync(installation.ledgerFile, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function bootstrap(options: InstallationOptions, channels: readonly ChannelName[]): Promise<void> {
  const { folder, mode } = options;
  const policy = join(folder, "policy.json");
  const given = { displayMode: mode === "A" ? "A" : "B", channels, ...options.policy };
  writeFileSync(policy, JSON.stringify(given));
  await runOnce("core/server/src/main.ts", [
    ...[
      "bootstrap",
      "--data",
      join(folder, "data"),
      "--secrets",
      join(folder, "secrets"),
      "--out",
      join(folder, "tokens"),
    ],
    ...["--tenant", "acme", "--issuer", ISSUER, "--policy", policy],
    ...["--app", "desk:submit", "--app", "bank:execute"],
    ...channels.flatMap((channel) => ["--bot", `${channel}-bot:${channel}`]),
  ]);
}

async function serveCore(folder: string, listen: string, args: readonly string[]): Promise<Child> {
  return startChild("core/server/src/main.ts", [
    ...["serve", "--data", join(folder, "data"), "--secrets", join(folder, "secrets")],
    ...["--listen", listen, "--development", ...args],
  ]);
}

function startBank(folder: string, coreAddress: string, ledgerFile: string): Promise<Child> {
  return startChild("examples/bank/src/main.ts", [
    ...["--core", coreAddress, "--token-file", join(folder, "tokens/bank.token"), "--ledger", ledgerFile],
  ]);
}
