import { readFileSync } from "node:fs";
import { connectCore, readSecret, type CoreConnection } from "./attach/core-connection.ts";
import { startBot, type BotGiven } from "./bot.ts";

/** Flags that every bot takes, for `parseArgs` of node:util. */
export const CORE_FLAGS = {
  core: { type: "string" },
  "token-file": { type: "string" },
  plaintext: { type: "boolean" },
  "core-ca": { type: "string" },
  zone: { type: "string" },
} as const;

/** The parsed values of CORE_FLAGS. */
export interface CoreFlags {
  readonly core?: string | undefined;
  readonly "token-file"?: string | undefined;
  readonly plaintext?: boolean | undefined;
  readonly "core-ca"?: string | undefined;
  readonly zone?: string | undefined;
}

/** A flag that must be given. Throws an error that names it and its meaning. */
export function requiredFlag(name: string, given: string | undefined, meaning: string): string {
  if (given === undefined || given === "") throw new Error(`--${name} is missing: ${meaning}`);
  return given;
}

/** One of the choices; without the flag `otherwise`, if there is one. Throws an error that names them. */
export function choiceFlag<const T extends string>(
  name: string,
  given: string | undefined,
  choices: readonly T[],
  otherwise?: NoInfer<T>,
): T {
  const chosen = given === undefined ? otherwise : choices.find((choice) => choice === given);
  if (chosen !== undefined) return chosen;
  throw new Error(`--${name}${given === undefined ? "" : ` ${given}`}: one of ${choices.join(", ")}`);
}

/** Opens the connection that the flags describe. Tokens come from files only: arguments are visible to every process. */
export function connectByFlags(flags: CoreFlags): CoreConnection {
  const address = requiredFlag(
    "core",
    flags.core,
    "host:port of the core; of several, IP addresses with port divided by commas",
  );
  const tokenFile = requiredFlag(
    "token-file",
    flags["token-file"],
    "path of a file holding this bot's token of the core",
  );
  const caFile = flags["core-ca"];
  return connectCore({
    address,
    plaintext: flags.plaintext ?? false,
    token: readSecret("bot token", tokenFile),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
  });
}

/** The zone the flags name, or the machine's. Throws when there is no such zone. */
export function zoneByFlags(flags: CoreFlags): string {
  const zone = flags.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    throw new Error(`--zone ${zone} is no zone of this machine: an IANA name such as Europe/Berlin`);
  }
}

/**
 * Runs a bot as a process: prints `ready` as one JSON line on standard output once provider and core have it, ends
 * gracefully by SIGTERM or SIGINT. Resolves when the bot has ended; rejects when it is refused for good.
 */
export async function runBot(given: BotGiven, ready: () => Record<string, unknown>): Promise<void> {
  const asked = new AbortController();
  const end = Promise.withResolvers<void>();
  const ask = (): void => {
    asked.abort();
    end.resolve();
  };
  process.once("SIGTERM", ask);
  process.once("SIGINT", ask);
  const bot = await startBot(given, asked.signal).catch((error: unknown) => {
    if (asked.signal.aborted) return undefined;
    throw error;
  });
  if (bot === undefined) return;
  process.stdout.write(`${JSON.stringify({ ready: true, ...ready() })}\n`);
  await Promise.race([end.promise, bot.ended]);
  await bot.stop();
}
