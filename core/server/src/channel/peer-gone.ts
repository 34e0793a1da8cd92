// What a bot hears of a chat besides what is said there: it is gone, it is somebody else's, it is back.
import type { PeerGone } from "@countersign/proto/node/channel/v1/channel_service";
import { alertWrites } from "../delivery/plan.ts";
import type { CoreGiven } from "../given.ts";
import { auditOfLoss, lossWrites, type ChannelLoss } from "../identity/channel-loss.ts";
import { linkKey, userKey } from "../identity/entity-key.ts";
import { linkIndex } from "../identity/link-index.ts";
import type { Link } from "../identity/link.ts";
import type { UnixMs } from "../store/entity.ts";
import type { AnyWrite } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import type { BotState } from "./bot-state.ts";
import { findChat, recentTransactions, type Chat } from "./chat.ts";

/**
 * The provider says that a chat is gone: its link is dead until the chat is heard of again. Or that it has another
 * identity than the key signed for: then it is suspended until the key links it anew. The other chats are told.
 */
export async function takePeerGone(given: CoreGiven, bot: BotState, { peerId, reason }: PeerGone): Promise<void> {
  const chat = await findChat(given, bot.name, peerId);
  if (chat === undefined) return;
  const loss: ChannelLoss = reason === "CHANNEL_IDENTITY_CHANGED" ? "SUSPENDED" : "DEAD";
  const { shard, user: name, link } = chat;
  await untilSettled(async () => {
    const user = (await given.store.load(shard, userKey(name.tenantId, name.userId))).entities[0].body ?? name;
    const keys = [...new Set([...user.linkIds, link.linkId])].map((id) => linkKey(name.tenantId, id));
    const { entities, epoch, now } = await given.store.load(shard, ...keys);
    const writes = lossWrites(entities, link.linkId, loss, now);
    const [audit] = auditOfLoss(writes, link, loss, bot.actor);
    if (audit === undefined) return true;
    const outcome = await commitOnce(given, shard, { epoch, writes, audit: [audit] });
    return outcome === "committed" ? true : undefined;
  });
}

/**
 * The chat was heard of: whatever it said, it lives and its pause is over. A chat that was dead is told how many
 * confirmations could not reach the user meanwhile.
 */
export async function hear(given: CoreGiven, bot: BotState, chat: Chat): Promise<void> {
  const { link, shard } = chat;
  if (link.state === "CLAIMED" || (link.unanswered === 0 && link.state === "LINKED")) return;
  const missed = await countMissed(given, chat);
  const key = linkKey(link.tenantId, link.linkId);
  await untilSettled(async () => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    const [{ body: held, version: expected }] = entities;
    if (held?.state !== "LINKED" && held?.state !== "DEAD") return true;
    const body: Link = { ...held, state: "LINKED", unanswered: 0 };
    const writes = [
      { key, expected, body, index: linkIndex(body) },
      ...(held.state === "DEAD" ? missedWrites(body, missed, now) : []),
    ];
    const change = { epoch, writes, audit: [auditOf(bot, chat, "link.heard")] } as const;
    return (await commitOnce(given, shard, change)) === "committed" ? true : undefined;
  });
}

/** More than a user can have in an hour; whoever was away for longer hears of the newest. */
const RECENT = 100;

async function countMissed(given: CoreGiven, chat: Chat): Promise<number> {
  const { state, diedAt } = chat.link;
  if (state !== "DEAD" || diedAt === undefined) return 0;
  const recent = await recentTransactions(given, chat, RECENT);
  return recent.filter((each) => each.state === "UNDELIVERABLE" && each.at >= diedAt).length;
}

function missedWrites(link: Link, missed: number, now: UnixMs): AnyWrite[] {
  if (missed === 0) return [];
  const notice = { type: "MISSED", at: now, detail: String(missed) } as const;
  return alertWrites([link], { event: `${link.linkId}\0MISSED\0${link.diedAt ?? 0}`, notice }, now);
}

function auditOf(bot: BotState, { link, user }: Chat, event: string) {
  const detail = { link: link.linkId };
  return { event, tenant: link.tenantId, actor: bot.actor, subject: `user:${user.userId}`, detail };
}
