// Pure: what keeps a bot from sending anything at all.
import type { BotLease } from "../channel/bot-lease.ts";
import type { Bot } from "../identity/tenant.ts";
import type { UnixMs } from "../store/entity.ts";
import type { Finding } from "./explain-finding.ts";

export interface BotStanding {
  readonly bot: Bot | undefined;
  readonly lease: BotLease | undefined;
}

/** undefined: it sends. */
export function explainBot({ bot, lease }: BotStanding, now: UnixMs): Finding | undefined {
  if (bot === undefined || bot.disabled) {
    return { reason: "BOT_DISABLED", by: bot?.disabledBy?.actor, since: bot?.disabledBy?.at };
  }
  if (bot.paused === true) return { reason: "BOT_PAUSED", by: bot.pausedBy?.actor, since: bot.pausedBy?.at };
  return isAttached(lease, now) ? undefined : { reason: "BOT_NOT_ATTACHED", since: detachedSince(lease, now) };
}

export function isAttached(lease: BotLease | undefined, now: UnixMs): boolean {
  return lease !== undefined && lease.until > now;
}

/** Its holder let go of it, or its lease ended; undefined: it is attached, or never was. */
export function detachedSince(lease: BotLease | undefined, now: UnixMs): UnixMs | undefined {
  if (lease === undefined || lease.fence === 0 || isAttached(lease, now)) return undefined;
  return lease.until;
}
