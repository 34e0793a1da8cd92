import type { CoreGiven } from "../given.ts";
import { linkKey } from "../identity/entity-key.ts";
import { linkIndex } from "../identity/link-index.ts";
import type { Link } from "../identity/link.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import type { BotState } from "./bot-state.ts";
import { findChat, type Chat } from "./chat.ts";

/** The provider says that a chat is gone: its link is dead until the chat is heard of again. */
export async function takePeerGone(given: CoreGiven, bot: BotState, peerId: string): Promise<void> {
  const chat = await findChat(given, bot.name, peerId);
  if (chat === undefined) return;
  await changeLink(given, bot, chat, "link.dead", (link) =>
    link.state === "LINKED" ? { ...link, state: "DEAD" } : undefined,
  );
}

/** The chat was heard of: whatever it said, it lives and its pause is over. Resolves with whether it was paused. */
export async function hear(given: CoreGiven, bot: BotState, chat: Chat): Promise<void> {
  const { link } = chat;
  if (link.state === "CLAIMED" || (link.unanswered === 0 && link.state === "LINKED")) return;
  await changeLink(given, bot, chat, "link.heard", (now) =>
    now.state === "LINKED" || now.state === "DEAD" ? { ...now, state: "LINKED", unanswered: 0 } : undefined,
  );
}

async function changeLink(
  given: CoreGiven,
  bot: BotState,
  { shard, link, user }: Chat,
  event: string,
  change: (link: Link) => Link | undefined,
): Promise<void> {
  const key = linkKey(link.tenantId, link.linkId);
  await untilSettled(async () => {
    const { entities, epoch } = await given.store.load(shard, key);
    const [held] = entities;
    const body = held.body && change(held.body);
    if (body === undefined) return true;
    const subject = `user:${user.userId}`;
    const outcome = await commitOnce(given, shard, {
      epoch,
      writes: [{ key, expected: held.version, body, index: linkIndex(body) }],
      audit: [{ event, tenant: link.tenantId, actor: bot.actor, subject, detail: { link: link.linkId } }],
    });
    return outcome === "committed" ? true : undefined;
  });
}
