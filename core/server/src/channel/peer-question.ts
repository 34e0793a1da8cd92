// Somebody invites a bot to a chat: may it come? docs/protocol/delivery.md section 6.
import type { PeerQuestion } from "@countersign/proto/node/channel/v1/channel_service";
import type { CoreGiven } from "../given.ts";
import { isLinkOpen } from "../identity/open-links.ts";
import type { Platform } from "../identity/tenant.ts";
import { NOT_LINKED, OK, type AnswerDraft, type BotState } from "./bot-state.ts";
import { findChat } from "./chat.ts";

/**
 * A person whose chat is linked, being linked or dead may always have the bot. A stranger only while a token of this
 * platform is about, because he may be the one who holds it; and only so many strangers a minute.
 */
export async function takePeerQuestion(
  given: CoreGiven,
  bot: BotState,
  platform: Platform,
  { peerId }: PeerQuestion,
): Promise<AnswerDraft> {
  const chat = await findChat(given, bot.name, peerId);
  if (chat !== undefined) return { ...OK, locale: chat.user.locale };
  if (!(await isLinkOpen(given, bot.name.tenantId, platform))) return NOT_LINKED;
  return (await bot.admitsStranger()) ? OK : NOT_LINKED;
}
