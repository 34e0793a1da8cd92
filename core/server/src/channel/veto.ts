import { RejectReason } from "@countersign/protocol";
import type { Veto } from "@countersign/proto/node/channel/v1/channel_service";
import { decided } from "../approval/decided.ts";
import type { CoreGiven } from "../given.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { isTooLate } from "../transaction/veto.ts";
import { transactionOfRef } from "./action-ref.ts";
import { NOT_LINKED, NOTHING, OK, TOO_LATE, type AnswerDraft, type BotState } from "./bot-state.ts";
import { findChat, loadActable, recentTransactions, type Chat } from "./chat.ts";

/** Everything of a user that can still be stopped is among his newest so many: prompts and lifetimes are limited. */
const RECENT = 100;

/**
 * The user said no in a chat: by a button, or by a tag, which stops every open transaction with that tag. "Not me" also
 * freezes him, unless this bot says so more often than is normal.
 */
export async function takeVeto(given: CoreGiven, bot: BotState, veto: Veto): Promise<AnswerDraft> {
  const chat = await findChat(given, bot.name, veto.peerId);
  if (chat === undefined) return NOT_LINKED;
  const reason = reasonOf(veto.reason);
  const targets = await targetsOf(given, chat, veto);
  if (targets === undefined) return NOT_LINKED;
  // A chat that is only claimed is nobody's yet: a link token that leaked must not freeze the user.
  const mayFreeze = (await bot.countVeto()) && chat.link.state !== "CLAIMED";
  const answers: AnswerDraft[] = [];
  for (const { txId } of targets) {
    const event = { type: "vetoed", reason, onKey: false, mayFreeze } as const;
    const after = await happen(given, txId, event, bot.actor);
    answers.push(isRefusal(after) ? NOTHING : answerOf(await decided(given, after)));
  }
  const best = [OK, TOO_LATE].find((answer) => answers.includes(answer)) ?? NOTHING;
  return { ...best, locale: chat.user.locale };
}

function answerOf({ state }: Transaction): AnswerDraft {
  if (state === "REJECTED") return OK;
  return isTooLate(state) ? TOO_LATE : NOTHING;
}

/** undefined: the transaction is not this chat's user's. */
async function targetsOf(given: CoreGiven, chat: Chat, veto: Veto): Promise<readonly Transaction[] | undefined> {
  if (veto.actionRef !== "") {
    const txId = transactionOfRef(veto.actionRef);
    const found = txId === undefined ? undefined : await loadActable(given, chat, txId);
    return found === undefined ? undefined : [found];
  }
  const tag = veto.tag.trim().split(/\s+/).join(" ").toUpperCase();
  const same = (await recentTransactions(given, chat, RECENT)).filter((each) => each.tag === tag);
  const open = same.filter(({ state }) => isOpen(state));
  // Nothing is open under this tag: what he means is the newest one, and he may be told that it is too late.
  return open.length > 0 ? open : same.slice(0, 1);
}

function isOpen(state: Transaction["state"]): boolean {
  return state === "PENDING" || state === "PARTIAL" || state === "CONFIRMED" || state === "EXECUTING";
}

/** A reason that this core does not know is none. */
function reasonOf(reason: number): RejectReason | undefined {
  return Object.values(RejectReason).find((known) => known === reason);
}
