// A chat sent a link token. docs/protocol/delivery.md section 7.
import { sha256, utf8 } from "@countersign/protocol";
import { AnswerType, type LinkClaim } from "@countersign/proto/node/channel/v1/channel_service";
import type { CoreGiven } from "../given.ts";
import { linkKey, linkTokenKey, peerKey } from "../identity/entity-key.ts";
import { linkDraft, safePeerName } from "../identity/link-draft.ts";
import { linkIndex } from "../identity/link-index.ts";
import { isLinkToken } from "../identity/link-token.ts";
import type { Link, LinkToken } from "../identity/link.ts";
import type { Platform } from "../identity/tenant.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { tokenId } from "../rpc/token.ts";
import { shardOfKey, shardOfUser, type HexId } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { createTransaction } from "../transaction/create.ts";
import { NOTHING, OK, RATE_LIMITED, type AnswerDraft, type BotState } from "./bot-state.ts";
import { isPeerId } from "./chat.ts";

const BAD_TOKEN: AnswerDraft = { type: AnswerType.BAD_TOKEN };
const NOT_PRIVATE: AnswerDraft = { type: AnswerType.NOT_PRIVATE };
const ALREADY_LINKED: AnswerDraft = { type: AnswerType.ALREADY_LINKED };

/**
 * One-to-one chats only; the token counts once, until its end, on its platform, in its tenant; a chat is linked once.
 * Three entities in three shards: the token is used up first, then the chat is pointed at the link, then the link is
 * claimed and its LINK transaction made. The same chat may ask again with the same token and goes on where it stopped.
 */
export async function takeLinkClaim(
  given: CoreGiven,
  bot: BotState,
  platform: Platform,
  claim: LinkClaim,
): Promise<AnswerDraft> {
  if (!claim.privateChat) return NOT_PRIVATE;
  if (!isPeerId(claim.peerId) || !isLinkToken(claim.linkToken)) return BAD_TOKEN;
  const occupied = await occupiedBy(given, bot, claim.peerId);
  const token = await useToken(given, bot, platform, claim, occupied);
  if ("type" in token) return token;
  const pointed = await pointAt(given, bot, claim.peerId, token);
  if (pointed !== OK) return pointed;
  const link = await claimLink(given, bot, claim, token);
  return link === undefined ? BAD_TOKEN : askKey(given, bot, link);
}

/** The link that this chat is, or is becoming. */
async function occupiedBy(given: CoreGiven, bot: BotState, peerId: string): Promise<HexId | undefined> {
  const key = peerKey(bot.name.tenantId, bot.name.botId, peerId);
  const peer = (await given.store.load(shardOfKey(key), key)).entities[0].body;
  if (peer?.userId === undefined || peer.linkId === undefined) return undefined;
  const { entities, now } = await given.store.load(
    shardOfUser(peer.tenantId, peer.userId),
    linkKey(peer.tenantId, peer.linkId),
  );
  const link = entities[0].body;
  const becoming = link?.state === "WAITING" && now <= link.until;
  return becoming || link?.state === "CLAIMED" || link?.state === "LINKED" ? peer.linkId : undefined;
}

async function useToken(
  given: CoreGiven,
  bot: BotState,
  platform: Platform,
  claim: LinkClaim,
  occupied: HexId | undefined,
): Promise<LinkToken | AnswerDraft> {
  const key = linkTokenKey(tokenId(claim.linkToken));
  const shard = shardOfKey(key);
  const user = `${bot.name.botId}:${claim.peerId}`;
  const settled = await untilSettled(async (): Promise<LinkToken | AnswerDraft | undefined> => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    const [{ body: token, version }] = entities;
    if (token === undefined || token.tenantId !== bot.name.tenantId || token.platform !== platform) return BAD_TOKEN;
    if (token.usedBy !== undefined && token.usedBy !== user) return BAD_TOKEN;
    if (now > token.until) return BAD_TOKEN;
    if (occupied !== undefined && occupied !== token.linkId) return ALREADY_LINKED;
    if (token.usedBy === user) return token;
    const body = { ...token, usedBy: user };
    const subject = `user:${token.userId}`;
    const outcome = await commitOnce(given, shard, {
      epoch,
      notAfter: token.until,
      writes: [{ key, expected: version, body }],
      audit: [
        { event: "link.token-used", tenant: token.tenantId, actor: bot.actor, subject, detail: { link: token.linkId } },
      ],
    });
    return outcome === "committed" ? body : undefined;
  });
  return isRefusal(settled) ? NOTHING : settled;
}

/** The directory says whose chat this is going to be; whether it is, the link says. */
async function pointAt(given: CoreGiven, bot: BotState, peerId: string, token: LinkToken): Promise<AnswerDraft> {
  const key = peerKey(bot.name.tenantId, bot.name.botId, peerId);
  const shard = shardOfKey(key);
  const settled = await untilSettled(async (): Promise<AnswerDraft | undefined> => {
    const { entities, epoch } = await given.store.load(shard, key);
    const [{ body: peer, version }] = entities;
    if (peer?.linkId === token.linkId) return OK;
    const occupied = await occupiedBy(given, bot, peerId);
    if (occupied !== undefined) return ALREADY_LINKED;
    const { tenantId, userId, linkId } = token;
    const outcome = await commitOnce(given, shard, {
      epoch,
      writes: [{ key, expected: version, body: { tenantId, userId, linkId } }],
      audit: [
        {
          event: "peer.pointed",
          tenant: tenantId,
          actor: bot.actor,
          subject: `user:${userId}`,
          detail: { link: linkId },
        },
      ],
    });
    return outcome === "committed" ? OK : undefined;
  });
  return isRefusal(settled) ? NOTHING : settled;
}

async function claimLink(
  given: CoreGiven,
  bot: BotState,
  claim: LinkClaim,
  token: LinkToken,
): Promise<Link | undefined> {
  const { botId } = bot.name;
  const { peerId } = claim;
  const settled = await changeLink(given, bot, token, "link.claimed", (link) => {
    if (link.state === "WAITING") {
      return { ...link, state: "CLAIMED", botId, peerId, peerName: safePeerName(claim.peerName) };
    }
    return link.state === "CLAIMED" && link.botId === botId && link.peerId === peerId ? link : undefined;
  });
  return settled;
}

/** The LINK transaction: its lines, tag and code go to this chat, its lines to the key. */
async function askKey(given: CoreGiven, bot: BotState, link: Link): Promise<AnswerDraft> {
  const requestId = `link:${link.linkId}`;
  const by = { requestId, bodyHash: sha256(utf8(requestId)) };
  let made = await createTransaction(given, linkDraft(link, by));
  if (isRefusal(made) && made.refused === "BAD_INPUT" && link.peerName !== undefined) {
    // The user's key cannot show the chat's name: then the id alone has to do.
    made = await createTransaction(given, linkDraft({ ...link, peerName: undefined }, by));
  }
  if (isRefusal(made)) {
    const failure = made.refused;
    await changeLink(given, bot, link, "link.refused", (held) => ({ ...held, state: "FAILED", failure }));
    return failure === "RATE_LIMITED" ? RATE_LIMITED : NOTHING;
  }
  const { txId } = made.transaction;
  await changeLink(given, bot, link, "link.asked", (held) => (held.txId === txId ? held : { ...held, txId }));
  return OK;
}

/** `change` answers undefined when the link cannot be had, and the very same link when nothing is to be written. */
async function changeLink(
  given: CoreGiven,
  bot: BotState,
  of: Pick<Link, "tenantId" | "userId" | "linkId">,
  event: string,
  change: (link: Link) => Link | undefined,
): Promise<Link | undefined> {
  const { tenantId, userId, linkId } = of;
  const shard = shardOfUser(tenantId, userId);
  const key = linkKey(tenantId, linkId);
  const settled = await untilSettled(async () => {
    const { entities, epoch } = await given.store.load(shard, key);
    const [{ body: held, version }] = entities;
    const body = held && change(held);
    if (body === undefined || body === held) return { link: body };
    const outcome = await commitOnce(given, shard, {
      epoch,
      writes: [{ key, expected: version, body, index: linkIndex(body) }],
      audit: [{ event, tenant: tenantId, actor: bot.actor, subject: `user:${userId}`, detail: { link: linkId } }],
    });
    return outcome === "committed" ? { link: body } : undefined;
  });
  return isRefusal(settled) ? undefined : settled.link;
}
