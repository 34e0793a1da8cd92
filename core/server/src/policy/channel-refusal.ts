// Pure: whether a code could reach the user at all, and what is missing if not. docs/protocol/policy.md section 3.
import { Kind } from "@countersign/protocol";
import { eligibleLinks, isAllowed } from "../delivery/eligible.ts";
import type { Link } from "../identity/link.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import { LEAST_ASSURANCE } from "./assurance.ts";
import type { FrozenPolicy } from "./policy.ts";

/** What the choice of channels depends on. */
interface Reach {
  readonly kind: Kind;
  /** The user's, in his order. */
  readonly links: readonly Link[];
  readonly now: UnixMs;
}

/**
 * NO_CHANNEL with what is missing, in words and as `missing` in its metadata; undefined: there is a channel. A LINK goes
 * to the chat that asks to be linked, whatever else there is.
 */
export function channelRefusal({ kind, links, now }: Reach, frozen: FrozenPolicy): Refusal | undefined {
  if (kind === Kind.LINK || eligibleLinks({ kind, action: undefined, policy: frozen }, links, now).length > 0) {
    return undefined;
  }
  const linked = links.filter(({ state }) => state === "LINKED");
  if (linked.length === 0) return missing("link", noLink(links));
  const named = linked.filter(({ platform }) => frozen.channels.includes(platform));
  if (named.length === 0) {
    return missing(
      "platform",
      `the policy allows ${frozen.channels.join(", ")}, and he has linked none of these. Link one.`,
    );
  }
  const allowed = named.filter((link) => isAllowed(link, frozen));
  if (allowed.length === 0) {
    const assurance = frozen.assurance ?? LEAST_ASSURANCE;
    const advice = assurance === "high" ? "matrix with encryption set up" : "telegram or matrix";
    return missing("assurance", `this needs a channel of assurance ${assurance}. Link ${advice}.`, { assurance });
  }
  const free = allowed.filter(({ heldUntil }) => !frozen.highValue || heldUntil <= now);
  if (free.length > 0) {
    return missing(
      "reaction",
      "his channels are paused, because he reacted to none of the last prompts. He writes to one.",
    );
  }
  const retryAfterMs = Math.min(...allowed.map(({ heldUntil }) => heldUntil)) - now;
  return { ...missing("hold", "his channels are new and not for high value yet."), retryAfterMs };
}

function noLink(links: readonly Link[]): string {
  const lost = links.some(({ state }) => state === "DEAD" || state === "SUSPENDED");
  return lost
    ? "none of his channels can be reached. He writes to one of them, or links one anew."
    : "he has linked none. Link one first.";
}

function missing(what: string, why: string, more: Readonly<Record<string, string>> = {}): Refusal {
  return refuse("NO_CHANNEL", `The user has no channel for this: ${why}`, { metadata: { missing: what, ...more } });
}
