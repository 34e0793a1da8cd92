import { Kind } from "@countersign/protocol";
import type { Link } from "../identity/link.ts";
import { assuranceOf, isAtLeast, LEAST_ASSURANCE } from "../policy/assurance.ts";
import type { FrozenPolicy } from "../policy/policy.ts";
import type { UnixMs } from "../store/entity.ts";
import type { Transaction } from "../transaction/transaction.ts";

/** Where a transaction's policy is from before the setting. */
const UNANSWERED_PAUSE = 10;

/** What the choice of channels depends on. */
export type ForChoice = Pick<Transaction, "kind" | "action" | "policy">;

/**
 * The chats that may get this transaction's code, in the order of delivery. `links` are in the user's order.
 *
 * A LINK's code goes to the chat that claims to be his and to no other. A THAW goes through holds and pauses on any
 * linked channel, so that a user can always free himself. All others: linked, allowed by the frozen policy, of the
 * assurance that it asks for, not on hold for high value, not paused. Failover takes from the same list, so that nobody
 * forces a weaker channel by blocking a better one.
 */
export function eligibleLinks(transaction: ForChoice, links: readonly Link[], now: UnixMs): Link[] {
  const { kind, action, policy } = transaction;
  if (action?.type === "link") {
    return links.filter(({ linkId, state }) => linkId === action.linkId && state === "CLAIMED");
  }
  const linked = links.filter(
    ({ state, botId, peerId }) => state === "LINKED" && botId !== undefined && peerId !== undefined,
  );
  if (kind === Kind.THAW) return linked;
  return linked.filter(
    (link) =>
      isAllowed(link, policy) &&
      !(policy.highValue && link.heldUntil > now) &&
      link.unanswered < (policy.unansweredPause ?? UNANSWERED_PAUSE),
  );
}

/** Whether the frozen policy lets this channel carry a code, or show what a transaction says. */
export function isAllowed(
  link: Pick<Link, "platform" | "peerIdentity">,
  { channels, assurance = LEAST_ASSURANCE }: Pick<FrozenPolicy, "channels" | "assurance">,
): boolean {
  return channels.includes(link.platform) && isAtLeast(assuranceOf(link), assurance);
}

/** Whether the link may be handed this transaction's messages at all: it was not removed since they were planned. */
export function isReachable(link: Link | undefined, transaction: Pick<Transaction, "action"> | undefined): boolean {
  if (link === undefined) return false;
  if (link.state === "LINKED") return true;
  const action = transaction?.action;
  return action?.type === "link" && action.linkId === link.linkId && !isLost(link);
}

function isLost({ state }: Link): boolean {
  return state === "UNLINKED" || state === "DEAD" || state === "SUSPENDED";
}
