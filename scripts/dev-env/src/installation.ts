import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOnce, startChild, type Child } from "@countersign/testing/child";
import { openTrace, type Trace } from "./trace.ts";

/** One mode of confirming; `docs/architecture.md`. */
export type ModeName = "A" | "B" | "C";

/** A core with one tenant, its bot, the chat service that the bot talks to, and the bank that executes. */
export interface Installation {
  readonly folder: string;
  readonly issuer: string;
  /** Platform of its bot. */
  readonly platform: string;
  readonly coreAddress: string;
  readonly serverId: string;
  /** Hex COSE_Key, as pinned by clients at set-up. */
  readonly corePublicKey: string;
  readonly submitTokenFile: string;
  readonly executeTokenFile: string;
  /** Address of the phone that a chat id sees. */
  phoneOf(chatId: string): string;
  readonly ledgerFile: string;
  readonly trace: Trace;
  core(): Child;
  /** Bot, bank, and what stands in for a chat service. */
  readonly children: readonly Child[];
  /** Ends the core as a power cut would and starts it again on the same data and port. */
  restartCore(args?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface InstallationOptions {
  /** A folder of the caller's own; everything is written below it. With what an earlier run left there it goes on. */
  readonly folder: string;
  readonly mode: ModeName;
  readonly channel?: "telegram" | "sandbox";
  readonly trace?: Trace;
  /** Where the core listens; a free port of loopback without it. */
  readonly listen?: string;
  /** More flags for the core. */
  readonly coreArgs?: readonly string[];
  /** More members of the tenant's policy; `docs/protocol/policy.md`. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

const ISSUER = "Acme Bank";
const TOKENS = ["desk.token", "bank.token", "bot.token"];
const TELEGRAM_TOKEN = "4242:local-development-only";

/** Starts everything but the user's own desk. Parts are processes of their own; they end with `stop`, or when one fails. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { folder } = options;
  const platform = options.channel ?? "telegram";
  mkdirSync(join(folder, "tokens"), { recursive: true, mode: 0o700 });
  if (!TOKENS.every((name) => existsSync(join(folder, "tokens", name)))) await bootstrap(options, platform);
  let core = await serveCore(folder, options.listen ?? "127.0.0.1:0", options.coreArgs ?? []);
  const coreAddress = String(core.ready["address"]);
  const others: Child[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(others.map((child) => child.stop()));
    await core.stop();
  };
  try {
    const ledgerFile = join(folder, "ledger.jsonl");
    const bank = startBank(folder, coreAddress, ledgerFile).then((child) => others.push(child));
    const phone =
      platform === "telegram" ? startTelegram(folder, coreAddress, others) : startSandbox(folder, coreAddress, others);
    const [phoneOf] = await Promise.all([phone, bank]);
    return {
      folder,
      issuer: ISSUER,
      platform,
      coreAddress,
      serverId: String(core.ready["serverId"]),
      corePublicKey: String(core.ready["corePublicKey"]),
      submitTokenFile: join(folder, "tokens/desk.token"),
      executeTokenFile: join(folder, "tokens/bank.token"),
      phoneOf,
      ledgerFile,
      trace: options.trace ?? openTrace(undefined),
      core: () => core,
      children: others,
      restartCore: async (args = []) => {
        await core.stop("SIGKILL");
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
    const text = readFileSync(installation.ledgerFile, "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function bootstrap(options: InstallationOptions, platform: string): Promise<void> {
  const { folder, mode } = options;
  const policy = join(folder, "policy.json");
  writeFileSync(policy, JSON.stringify({ displayMode: mode === "A" ? "A" : "B", ...options.policy }));
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
    ...["--app", "desk:submit", "--app", "bank:execute", "--bot", `bot:${platform}`],
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

type PhoneOf = (chatId: string) => string;

/** The real Telegram adapter against the strict fake of Telegram's own service. */
async function startTelegram(folder: string, coreAddress: string, children: Child[]): Promise<PhoneOf> {
  const tokenFile = join(folder, "tokens/telegram.token");
  writeFileSync(tokenFile, TELEGRAM_TOKEN, { mode: 0o600 });
  const service = await startChild("bots/telegram/src/testing/fake-bot-api-main.ts", [
    ...["--listen", "127.0.0.1:0", "--telegram-token-file", tokenFile],
  ]);
  children.push(service);
  const apiRoot = String(service.ready["apiRoot"]);
  const bot = await startChild("bots/telegram/src/main.ts", [
    ...["--core", coreAddress, "--token-file", join(folder, "tokens/bot.token"), "--plaintext"],
    ...["--telegram-token-file", tokenFile, "--api-root", apiRoot],
  ]);
  children.push(bot);
  return (chatId) => `${apiRoot}phone/${chatId}`;
}

/** The phone for people: a page. */
async function startSandbox(folder: string, coreAddress: string, children: Child[]): Promise<PhoneOf> {
  const bot = await startChild("bots/sandbox/src/main.ts", [
    ...["--core", coreAddress, "--token-file", join(folder, "tokens/bot.token")],
    ...["--listen", "127.0.0.1:0", "--plaintext"],
  ]);
  children.push(bot);
  return () => String(bot.ready["phone"]);
}
