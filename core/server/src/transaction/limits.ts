import { Kind } from "@countersign/protocol";
import type { User } from "../identity/user.ts";
import type { Policy } from "../policy/policy.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId, UnixMs } from "../store/entity.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A THAW has limits of its own, because it works through all others. */
const THAWS_AN_HOUR = 3;

export interface Slot {
  readonly txId: HexId;
  readonly until: UnixMs;
  readonly tag: string;
}

/** The user with one more open transaction, or why he may not have it. What is past its end no longer counts. */
export function takeSlot(user: User, kind: Kind, policy: Policy, slot: Slot, now: UnixMs): User | Refusal {
  if (kind === Kind.THAW) return takeThawSlot(user, slot, now);
  if (user.state !== "ACTIVE") {
    return refuse("USER_BLOCKED", `The user is ${user.state}. A THAW signed by his key frees him.`);
  }
  const open = user.open.filter(({ until }) => until > now);
  if (open.length >= policy.openPerUser) {
    return limited(
      `${open.length} transactions of the user are open`,
      Math.min(...open.map(({ until }) => until)) - now,
    );
  }
  const prompts = user.prompts.filter((at) => at > now - MINUTE_MS);
  if (prompts.length >= policy.promptsPerMinute) {
    return limited(`the user had ${prompts.length} prompts within a minute`, Math.min(...prompts) + MINUTE_MS - now);
  }
  return { ...user, open: [...open, slot], prompts: [...prompts, now] };
}

function takeThawSlot(user: User, { txId, until }: Slot, now: UnixMs): User | Refusal {
  if (user.state === "SUSPENDED") return refuse("USER_BLOCKED", "The user is SUSPENDED by the relying party.");
  if (user.thaw !== undefined && user.thaw.until > now) {
    return limited("a THAW of the user is open", user.thaw.until - now);
  }
  const thaws = user.thaws.filter((at) => at > now - HOUR_MS);
  if (thaws.length >= THAWS_AN_HOUR) {
    return limited(`the user had ${thaws.length} THAWs within an hour`, Math.min(...thaws) + HOUR_MS - now);
  }
  return { ...user, thaw: { txId, until }, thaws: [...thaws, now] };
}

function limited(why: string, retryAfterMs: number): Refusal {
  return refuse("RATE_LIMITED", `Too many at once: ${why}. Wait.`, { retryAfterMs: Math.max(retryAfterMs, 1) });
}
