// A chat sent a link token. docs/protocol/delivery.md section 7.
import { AnswerType, type LinkClaim } from "@countersign/proto/node/channel/v1/channel_service";
import type { CoreGiven } from "../given.ts";
import { alertOnce } from "../identity/alert-once.ts";
import { linkTokenKey } from "../identity/entity-key.ts";
import { isLinkToken } from "../identity/link-token.ts";
import type { LinkToken } from "../identity/link.ts";
import type { Platform } from "../identity/tenant.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { tokenId } from "../rpc/token.ts";
import { shardOfKey } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { NOTHING, OK, RATE_LIMITED, type AnswerDraft, type BotState } from "./bot-state.ts";
import { isPeerId } from "./chat.ts";
import { claimChat, occupiedBy, type Claimant, type ClaimOutcome } from "./claim-chat.ts";

const BAD_TOKEN: AnswerDraft = { type: AnswerType.BAD_TOKEN };
const NOT_PRIVATE: AnswerDraft = { type: AnswerType.NOT_PRIVATE };
const ALREADY_LINKED: AnswerDraft = { type: AnswerType.ALREADY_LINKED };

/**
 * One-to-one chats only; the token counts once, until its end, on its platform, in its tenant; a chat is linked once.
 * The token is used up first. The same chat may ask again with the same token and goes on where it stopped.
 */
export async function takeLinkClaim(
  given: CoreGiven,
  bot: BotState,
  platform: Platform,
  claim: LinkClaim,
): Promise<AnswerDraft> {
  if (!claim.privateChat) return NOT_PRIVATE;
  if (!isPeerId(claim.peerId) || !isLinkToken(claim.linkToken)) return BAD_TOKEN;
  const { peerId, peerName, peerIdentity } = claim;
  const claimant: Claimant = { ...bot.name, peerId, peerName, peerIdentity, actor: bot.actor };
  const token = await useToken(given, claimant, platform, claim.linkToken);
  if ("type" in token) return token;
  return answerOf(await claimChat(given, claimant, token));
}

function answerOf(outcome: ClaimOutcome): AnswerDraft {
  if (outcome === "asked") return OK;
  if (outcome === "occupied") return ALREADY_LINKED;
  if (outcome === "gone") return BAD_TOKEN;
  return outcome.refused === "RATE_LIMITED" ? RATE_LIMITED : NOTHING;
}

async function useToken(
  given: CoreGiven,
  claimant: Claimant,
  platform: Platform,
  linkToken: string,
): Promise<LinkToken | AnswerDraft> {
  const occupied = await occupiedBy(given, claimant);
  const key = linkTokenKey(tokenId(linkToken));
  const shard = shardOfKey(key);
  const user = `${claimant.botId}:${claimant.peerId}`;
  const settled = await untilSettled(async (): Promise<LinkToken | AnswerDraft | undefined> => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    const [{ body: token, version }] = entities;
    if (token === undefined || token.tenantId !== claimant.tenantId || token.platform !== platform) return BAD_TOKEN;
    if (now > token.until) return BAD_TOKEN;
    if (token.usedBy !== undefined && token.usedBy !== user) {
      await warnOwner(given, claimant, token);
      return BAD_TOKEN;
    }
    if (occupied !== undefined && occupied !== token.linkId) return ALREADY_LINKED;
    if (token.usedBy === user) return token;
    const body = { ...token, usedBy: user };
    const subject = `user:${token.userId}`;
    const outcome = await commitOnce(given, shard, {
      epoch,
      notAfter: token.until,
      writes: [{ key, expected: version, body }],
      audit: [
        {
          event: "link.token-used",
          tenant: token.tenantId,
          actor: claimant.actor,
          subject,
          detail: { link: token.linkId },
        },
      ],
    });
    return outcome === "committed" ? body : undefined;
  });
  return isRefusal(settled) ? NOTHING : settled;
}

const HOUR_MS = 3_600_000;

/**
 * Two chats had one token: one of them is a thief's. Told once an hour, however many tokens are tried: malware on the
 * user's PC can begin links and show each token twice, and an alert may be an SMS that somebody pays for.
 */
function warnOwner(given: CoreGiven, { actor }: Claimant, { tenantId, userId, linkId, platform }: LinkToken) {
  const hour = Math.floor(given.store.now() / HOUR_MS);
  const alert = { event: `LINK_REFUSED\0${hour}`, type: "LINK_REFUSED", detail: platform } as const;
  return alertOnce(given, { tenantId, userId }, alert, {
    event: "link.token-refused",
    actor,
    detail: { link: linkId },
  });
}
