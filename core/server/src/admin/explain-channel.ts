// Pure: why a channel gets no code now, whatever became of earlier ones.
import { Kind } from "@countersign/protocol";
import type { ForChoice } from "../delivery/eligible.ts";
import type { Link } from "../identity/link.ts";
import { assuranceOf, isAtLeast, LEAST_ASSURANCE } from "../policy/assurance.ts";
import type { UnixMs } from "../store/entity.ts";
import { explainBot, type BotStanding } from "./explain-bot.ts";
import type { Finding } from "./explain-finding.ts";

const UNANSWERED_PAUSE = 10;

/** `high value`: undefined while nobody knows whether the next transaction is. */
export type Rules = Omit<ForChoice, "policy"> & {
  readonly policy: Pick<ForChoice["policy"], "channels" | "assurance" | "unansweredPause">;
  readonly highValue: boolean | undefined;
};

/** What is wrong with the channel for a transaction under these rules; READY: nothing. The same order as eligibleLinks. */
export function explainChannel(link: Link, rules: Rules, bot: BotStanding, now: UnixMs): Finding {
  return explainLink(link, rules, now) ?? explainBot(bot, now) ?? onHold(link, rules.highValue, now) ?? READY;
}

const READY: Finding = { reason: "READY" };

function explainLink(link: Link, { kind, action, policy, highValue }: Rules, now: UnixMs): Finding | undefined {
  if (link.state === "DEAD") return { reason: "PEER_GONE", since: link.diedAt };
  if (link.state === "SUSPENDED") return { reason: "IDENTITY_CHANGED" };
  if (action?.type === "link" && action.linkId === link.linkId) return undefined;
  if (link.state !== "LINKED" || link.botId === undefined) return { reason: "NOT_LINKED" };
  if (kind === Kind.THAW) return undefined;
  if (!policy.channels.includes(link.platform)) return { reason: "NOT_ALLOWED_BY_POLICY" };
  if (!isAtLeast(assuranceOf(link), policy.assurance ?? LEAST_ASSURANCE)) return { reason: "ASSURANCE_TOO_LOW" };
  if (highValue === true && link.heldUntil > now) return { reason: "CHANNEL_ON_HOLD", until: link.heldUntil };
  const most = policy.unansweredPause ?? UNANSWERED_PAUSE;
  return link.unanswered < most ? undefined : { reason: "CHANNEL_PAUSED_UNANSWERED" };
}

/** Told last, because it keeps back high value alone. */
function onHold({ heldUntil }: Link, highValue: boolean | undefined, now: UnixMs): Finding | undefined {
  return highValue === undefined && heldUntil > now ? { reason: "CHANNEL_ON_HOLD", until: heldUntil } : undefined;
}
