import { decodeContent, sha256, toHex, utf8 } from "@countersign/protocol";
import { CommandType, Summary, type Command } from "@countersign/proto/node/channel/v1/channel_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { changeUser } from "../identity/change-user.ts";
import { directoryOf } from "../identity/directory.ts";
import { linkKey, tenantKey, userKey } from "../identity/entity-key.ts";
import { unlinked } from "../identity/link-action.ts";
import { requestThaw } from "../identity/request-thaw.ts";
import { isTaken, withTaken, type ChatEvent } from "../identity/taken-event.ts";
import { readLocale } from "../identity/user-name.ts";
import { frozen, withoutRecovery } from "../identity/user-recovery.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { NOT_LINKED, NOTHING, OK, RATE_LIMITED, type AnswerDraft, type BotState } from "./bot-state.ts";
import { findChat, recentTransactions, type Chat } from "./chat.ts";
import { hear } from "./peer-gone.ts";
import { clearChat } from "./withdraw-code.ts";

const HISTORY = 10;
const RECENT = 100;

/** A command of a linked chat. Any command ends the chat's pause; `paused` tells whether it was until this one. */
export async function takeCommand(given: CoreGiven, bot: BotState, command: Command): Promise<AnswerDraft> {
  const chat = await findChat(given, bot.name, command.peerId);
  if (chat === undefined || chat.link.state === "CLAIMED") return NOT_LINKED;
  await hear(given, bot, chat);
  const answer = await obey(given, bot, chat, command);
  const { locale, tenantId } = chat.user;
  const tenant = await directoryOf(given.store).get(tenantKey(tenantId));
  return { locale, ...answer, paused: chat.link.unanswered >= (tenant?.policy.unansweredPause ?? Infinity) };
}

async function obey(given: CoreGiven, bot: BotState, chat: Chat, command: Command): Promise<AnswerDraft> {
  switch (command.type) {
    case CommandType.PENDING: {
      const recent = await recentTransactions(given, chat, RECENT);
      return { ...OK, transactions: recent.filter(({ state }) => isUnderWay(state)).map(summaryOf) };
    }
    case CommandType.HISTORY:
      return { ...OK, transactions: (await recentTransactions(given, chat, HISTORY)).slice(0, HISTORY).map(summaryOf) };
    case CommandType.CHANNELS:
      return { ...OK, platforms: await platformsOf(given, chat) };
    case CommandType.STATUS:
      return { ...OK, userState: chat.user.state, platforms: await platformsOf(given, chat) };
    case CommandType.FREEZE:
      return freeze(given, bot, chat, chatEventOf(bot, command));
    case CommandType.THAW:
      return thaw(given, bot, chat, command);
    case CommandType.UNLINK:
      return unlink(given, bot, chat, chatEventOf(bot, command));
    case CommandType.LANGUAGE:
      return speak(given, bot, chat, command.argument);
    case CommandType.UNSPECIFIED:
    case CommandType.UNRECOGNIZED:
      return NOTHING;
  }
}

function chatEventOf(bot: BotState, { peerId, eventId }: Command): ChatEvent {
  return { botId: bot.name.botId, peerId, eventId };
}

/**
 * At once, and with it a recovery of keys that is under way. A bot above the normal veto rate freezes nobody; that it
 * stops a recovery does no harm: its two people ask again.
 */
async function freeze(given: CoreGiven, bot: BotState, { user: name }: Chat, event: ChatEvent): Promise<AnswerDraft> {
  const mayFreeze = await bot.countVeto();
  const after = await changeUser(given, name, bot.actor, (user, now) => {
    if (isTaken(user, event)) return user;
    const freed = withoutRecovery(user, now);
    if (!mayFreeze) return freed === user ? user : { user: freed, event: "recovery.stopped" };
    if (user.state === "ACTIVE" || user.state === "BLOCKED")
      return { user: withTaken(frozen(user, now), event), tell: { type: "FROZEN" }, event: "user.frozen" };
    return { user: withTaken(freed, event), event: freed === user ? "user.freeze-repeated" : "recovery.stopped" };
  });
  if (isRefusal(after)) return NOTHING;
  return mayFreeze ? { ...OK, userState: after.state } : RATE_LIMITED;
}

/** Asks for a THAW, which the user's key signs like anything else. */
async function thaw(given: CoreGiven, bot: BotState, { user }: Chat, command: Command): Promise<AnswerDraft> {
  const requestId = toHex(sha256(utf8(`thaw\0${bot.name.botId}\0${command.peerId}\0${command.eventId}`)));
  const { tenantId, userId } = user;
  const bodyHash = sha256(utf8(requestId));
  const asked = await requestThaw(given, { tenantId, userId, createdBy: "core", requestId, bodyHash });
  if (!isRefusal(asked)) return { ...OK, userState: user.state };
  return { ...(asked.refused === "RATE_LIMITED" ? RATE_LIMITED : NOTHING), userState: user.state };
}

/**
 * At once: who holds the chat may leave, and no code stays in it. Other channels are told. A stolen bot token must not
 * unlink every user.
 */
async function unlink(given: CoreGiven, bot: BotState, chat: Chat, event: ChatEvent): Promise<AnswerDraft> {
  if (!(await bot.countVeto())) return RATE_LIMITED;
  const answer = await leave(given, bot, chat, event);
  await clearChat(given, chat.link, bot.actor);
  return answer;
}

async function leave(
  given: CoreGiven,
  bot: BotState,
  { shard, user, link }: Chat,
  event: ChatEvent,
): Promise<AnswerDraft> {
  const { tenantId, userId } = user;
  const done = await untilSettled(async () => {
    const names = [userKey(tenantId, userId), linkKey(tenantId, link.linkId)] as const;
    const others = user.linkIds.filter((id) => id !== link.linkId).map((id) => linkKey(tenantId, id));
    const { entities, epoch, now } = await given.store.load(shard, ...names, ...others);
    const [heldUser, heldLink, ...rest] = entities;
    if (heldUser.body === undefined || heldLink.body === undefined) return true;
    if (isTaken(heldUser.body, event)) return true;
    const links = { user: heldUser, links: [heldLink, ...rest] };
    const left = withTaken(heldUser.body, event);
    const writes = unlinked(links, heldLink, heldLink.body, left, `unlinked\0${link.linkId}`, now);
    if (writes.length === 0) return true;
    const detail = { link: link.linkId };
    const audit = [
      { event: "link.unlinked", tenant: tenantId, actor: bot.actor, subject: `user:${userId}`, detail },
    ] as const;
    const outcome = await commitOnce(given, shard, { epoch, writes, audit });
    return outcome === "committed" ? true : undefined;
  });
  return isRefusal(done) ? NOTHING : OK;
}

async function speak(given: CoreGiven, bot: BotState, { user: name }: Chat, argument: string): Promise<AnswerDraft> {
  if (argument === "") return OK;
  const locale = readLocale(argument);
  if (isRefusal(locale)) return NOTHING;
  const changed = await changeUser(given, name, bot.actor, (user) =>
    user.locale === locale ? user : { user: { ...user, locale }, event: "user.language-changed", detail: { locale } },
  );
  return isRefusal(changed) ? NOTHING : { ...OK, locale };
}

async function platformsOf(given: CoreGiven, { shard, user }: Chat): Promise<string[]> {
  const { entities } = await given.store.load(shard, ...user.linkIds.map((id) => linkKey(user.tenantId, id)));
  return entities.flatMap(({ body }) => (body?.state === "LINKED" ? [body.platform] : []));
}

function isUnderWay(state: Transaction["state"]): boolean {
  return ["PENDING", "PARTIAL", "CONFIRMED", "EXECUTING", "EXECUTION_UNKNOWN"].includes(state);
}

function summaryOf(of: Transaction): Summary {
  const { issuer, kind } = decodeContent(of.content);
  return Summary.create({
    tag: of.tag,
    issuerName: issuer,
    kind,
    state: State[of.state],
    createdAt: timestampOf(of.createdAt),
  });
}
