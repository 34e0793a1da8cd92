// Pure: what a confirmed LINK or UNLINK does, as writes of the commit that confirms it. docs/protocol/delivery.md section 7.
import { alertWrites } from "../delivery/plan.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import type { CoreAction, Transaction } from "../transaction/transaction.ts";
import { linkIndex } from "./link-index.ts";
import type { Link } from "./link.ts";
import type { User } from "./user.ts";

/** Where a transaction's policy is from before the setting. */
const CHANNEL_HOLD_MS: number = 24 * 3_600_000;

/** What the action reads of the loaded case. */
export interface LinkGiven {
  readonly user: LoadedEntity<"user">;
  readonly links: readonly LoadedEntity<"link">[];
}

/**
 * LINK: the chat becomes the user's last channel, or takes the place of the lost one that it was before, on hold for high
 * value. UNLINK: it is his no more. Every other linked channel is told. No writes when the link moved on meanwhile: a chat is linked once, and removed once.
 */
export function linkWrites(
  action: Extract<CoreAction, { type: "link" | "unlink" }>,
  given: LinkGiven,
  transaction: Transaction,
  now: UnixMs,
): AnyWrite[] {
  const loaded = given.links.find(({ key }) => key.id === action.linkId);
  const user = given.user.body;
  if (loaded?.body === undefined || user === undefined) return [];
  return action.type === "link"
    ? linked(given, loaded, loaded.body, user, transaction, now)
    : unlinked(given, loaded, loaded.body, user, transaction.txId, now);
}

function linked(
  given: LinkGiven,
  loaded: LoadedEntity<"link">,
  link: Link,
  user: User,
  { txId, policy }: Transaction,
  now: UnixMs,
): AnyWrite[] {
  if (link.state !== "CLAIMED") return [];
  // Old channels are told, and have this long to object, before the new one carries a code of high value.
  const heldUntil = now + (policy.holdMs ?? CHANNEL_HOLD_MS);
  const body: Link = { ...link, state: "LINKED", linkedAt: now, heldUntil, unanswered: 0 };
  const before = given.links.find(({ body: other }) => other !== undefined && wasBefore(other, link));
  const others = user.linkIds.filter((id) => id !== link.linkId);
  const isOld = (id: HexId): boolean => id === before?.key.id;
  const linkIds = others.some(isOld) ? others.map((id) => (isOld(id) ? link.linkId : id)) : [...others, link.linkId];
  return [
    { key: loaded.key, expected: loaded.version, body, index: linkIndex(body) },
    ...(before?.body === undefined ? [] : [replacedWrite(before, before.body)]),
    userWrite(given.user, { ...user, linkIds }),
    ...told(given, link, "LINKED", txId, now),
  ];
}

/** The same chat, suspended or dead: its user linked it anew. */
function wasBefore(other: Link, { linkId, platform, botId, peerId }: Link): boolean {
  const isLost = other.state === "SUSPENDED" || other.state === "DEAD";
  const same = other.platform === platform && other.botId === botId && other.peerId === peerId;
  return isLost && same && other.linkId !== linkId;
}

function replacedWrite({ key, version }: LoadedEntity<"link">, link: Link): AnyWrite {
  const body: Link = { ...link, state: "UNLINKED" };
  return { key, expected: version, body, index: linkIndex(body) };
}

/** Also used when the chat itself asks: there it happens at once. `event` is unique in the user's life. */
export function unlinked(
  given: LinkGiven,
  loaded: LoadedEntity<"link">,
  link: Link,
  user: User,
  event: string,
  now: UnixMs,
): AnyWrite[] {
  if (link.state !== "LINKED" && link.state !== "DEAD" && link.state !== "SUSPENDED") return [];
  // Codes are cleared from a chat that can be reached and is his.
  const leaving = link.state === "LINKED" ? { leavingAt: now } : {};
  const body: Link = { ...link, state: "UNLINKED", ...leaving };
  const linkIds = user.linkIds.filter((id) => id !== link.linkId);
  return [
    { key: loaded.key, expected: loaded.version, body, index: linkIndex(body) },
    userWrite(given.user, { ...user, linkIds }),
    ...told(given, link, "UNLINKED", event, now),
  ];
}

function told(given: LinkGiven, link: Link, type: "LINKED" | "UNLINKED", event: string, now: UnixMs): AnyWrite[] {
  const others = given.links
    .map(({ body }) => body)
    .filter((body) => body !== undefined)
    .filter(({ linkId, state }) => linkId !== link.linkId && state === "LINKED");
  return alertWrites(others, { event: `${event}\0${type}`, notice: { type, at: now, detail: link.platform } }, now);
}

function userWrite(loaded: LoadedEntity<"user">, body: User): AnyWrite {
  return { key: loaded.key, expected: loaded.version, body };
}
