import type { Resend } from "@countersign/proto/node/channel/v1/channel_service";
import { resendCode } from "../code/resend.ts";
import type { CoreGiven } from "../given.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { transactionOfRef } from "./action-ref.ts";
import { NOT_LINKED, NOTHING, OK, RATE_LIMITED, type AnswerDraft, type BotState } from "./bot-state.ts";
import { findChat, loadActable } from "./chat.ts";

/** The user asked for a new code in his chat. */
export async function takeResend(given: CoreGiven, bot: BotState, resend: Resend): Promise<AnswerDraft> {
  const chat = await findChat(given, bot.name, resend.peerId);
  const txId = transactionOfRef(resend.actionRef);
  if (chat === undefined || txId === undefined) return NOT_LINKED;
  if ((await loadActable(given, chat, txId)) === undefined) return NOT_LINKED;
  const resent = await resendCode(given, txId, bot.actor);
  const { locale } = chat.user;
  if (!isRefusal(resent)) return { ...OK, locale };
  return { ...(resent.refused === "RATE_LIMITED" ? RATE_LIMITED : NOTHING), locale };
}
