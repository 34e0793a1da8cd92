import type { CoreGiven } from "../given.ts";
import { directoryOf } from "../identity/directory.ts";
import { botKey } from "../identity/entity-key.ts";
import type { Bot, Platform } from "../identity/tenant.ts";
import { shardOfKey, type EntityKey, type HexId } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import type { BotName } from "./lease.ts";

const SCHEMES: readonly string[] = ["https", "tg", "matrix", "mailto", "sms"];

/**
 * Empty, or an address with one place for the token. Bot-controlled, and shown to users as a link and as a QR code: so
 * only schemes that open an app or a page; plain http is the sandbox's.
 */
export function isDeepLink(pattern: string, development: boolean): boolean {
  if (pattern === "") return true;
  const scheme = /^([a-z][a-z0-9+.-]*):[!-~]+$/.exec(pattern)?.[1] ?? "";
  const known = SCHEMES.includes(scheme) || (development && scheme === "http");
  return known && pattern.length <= 512 && pattern.split("{token}").length === 2;
}

/** The address that opens the bot with this token; empty when the platform has none, or no bot of it was ever attached. */
export async function deepLinkOf(
  given: CoreGiven,
  tenantId: HexId,
  platform: Platform,
  token: string,
): Promise<string> {
  const key = currentBotKey(tenantId, platform);
  const { entities } = await given.store.load(shardOfKey(key), key);
  return entities[0].body?.deepLink.replace("{token}", token) ?? "";
}

/** The bot of a platform that said Hello last; undefined: none ever did, or it was switched off since. */
export async function currentBot(given: CoreGiven, tenantId: HexId, platform: Platform): Promise<Bot | undefined> {
  const alias = currentBotKey(tenantId, platform);
  const { entities } = await given.store.load(shardOfKey(alias), alias);
  const botId = entities[0].body?.botId;
  const bot = botId === undefined ? undefined : await directoryOf(given.store).get(botKey(tenantId, botId));
  return bot?.disabled === false ? bot : undefined;
}

/** Keeps the pattern of a bot's Hello, with the bot and as that of its platform's current bot. */
export async function rememberDeepLink(given: CoreGiven, name: BotName, deepLink: string): Promise<void> {
  const own = botKey(name.tenantId, name.botId);
  const { entities } = await given.store.load(shardOfKey(own), own);
  const bot = entities[0].body;
  if (bot === undefined) return;
  const known = { ...bot, deepLink };
  if (bot.deepLink !== deepLink) await write(given, own, known);
  await write(given, currentBotKey(name.tenantId, bot.platform), known);
}

/** An alias beside the bots: the one of a platform that said Hello last. */
function currentBotKey(tenantId: HexId, platform: Platform): EntityKey<"bot"> {
  return botKey(tenantId, `current:${platform}`);
}

async function write(given: CoreGiven, key: EntityKey<"bot">, bot: Bot): Promise<void> {
  const shard = shardOfKey(key);
  await untilSettled(async () => {
    const { entities, epoch } = await given.store.load(shard, key);
    const [held] = entities;
    if (held.body?.botId === bot.botId && held.body.deepLink === bot.deepLink) return true;
    const { botId, tenantId, deepLink } = bot;
    const body = held.body === undefined ? bot : { ...held.body, botId, deepLink };
    const audit = [
      {
        event: "bot.deep-link",
        tenant: tenantId,
        actor: `bot:${botId}`,
        subject: `bot:${botId}`,
        detail: { deepLink },
      },
    ] as const;
    const outcome = await commitOnce(given, shard, { epoch, writes: [{ key, expected: held.version, body }], audit });
    return outcome === "committed" ? true : undefined;
  });
}
