// Pure: a channel that cannot be reached any more, or may be somebody else's now. docs/protocol/delivery.md section 7.
import { alertWrites } from "../delivery/plan.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { AnyWrite, AuditDraft, LoadedEntity } from "../store/store.ts";
import { linkIndex } from "./link-index.ts";
import type { Link } from "./link.ts";

/** DEAD: until the chat is heard of. SUSPENDED: until the user's key links it anew. */
export type ChannelLoss = "DEAD" | "SUSPENDED";

/**
 * A chat dies and lives as often as its owner, its bot or its provider likes, and each alert may be an SMS that somebody
 * pays for. What is told of it once in this time is enough: whoever was told knows not to rely on it.
 */
const DEATH_TOLD_EVERY_MS = 3_600_000;

const NOTICE = { DEAD: "CHANNEL_DEAD", SUSPENDED: "CHANNEL_SUSPENDED" } as const;

/**
 * The link in its new state, and an alert to every other linked channel, for one commit; of a death once an hour. `links` are all of the user's.
 * A dead chat can still turn out to be somebody else's; a suspended one does not die. No writes: it is so already, or
 * the link moved on.
 */
export function lossWrites(
  links: readonly LoadedEntity<"link">[],
  linkId: HexId,
  loss: ChannelLoss,
  now: UnixMs,
): AnyWrite[] {
  const loaded = links.find(({ key }) => key.id === linkId);
  const link = loaded?.body;
  if (loaded === undefined || link === undefined || !canBeLost(link, loss)) return [];
  const isTold = loss === "SUSPENDED" || now >= (link.deathToldAt ?? -Infinity) + DEATH_TOLD_EVERY_MS;
  const died = isTold ? { diedAt: now, deathToldAt: now } : { diedAt: now };
  const body: Link = { ...link, state: loss, ...(loss === "DEAD" ? died : {}) };
  const others = links.flatMap(({ key, body: other }) =>
    key.id !== linkId && other?.state === "LINKED" ? [other] : [],
  );
  const notice = { type: NOTICE[loss], at: now, detail: link.platform };
  return [
    { key: loaded.key, expected: loaded.version, body, index: linkIndex(body) },
    ...alertWrites(isTold ? others : [], { event: `${linkId}\0${loss}\0${now}`, notice }, now),
  ];
}

function canBeLost({ state }: Link, loss: ChannelLoss): boolean {
  return state === "LINKED" || (loss === "SUSPENDED" && state === "DEAD");
}

/** `link.dead` or `link.suspended`, if the writes make it so. */
export function auditOfLoss(
  writes: readonly AnyWrite[],
  { tenantId, userId, linkId }: Pick<Link, "tenantId" | "userId" | "linkId">,
  loss: ChannelLoss | undefined,
  actor: string,
): AuditDraft[] {
  const isLost = writes.some(({ key }) => key.type === "link" && key.id === linkId);
  if (loss === undefined || !isLost) return [];
  const event = `link.${loss.toLowerCase()}`;
  return [{ event, tenant: tenantId, actor, subject: `user:${userId}`, detail: { link: linkId } }];
}
