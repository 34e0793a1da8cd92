// When a bot's provider took a message last, and when and how one failed: for who looks after bots.
import { readObserved, type Observed } from "../delivery/observed.ts";
import type { UnixMs } from "../store/entity.ts";

/** Absent members: never, or not since the lease was made. */
export interface BotHealth {
  readonly sentAt?: UnixMs;
  readonly failedAt?: UnixMs;
  /** Of the last that failed; absent: the bot did not say. */
  readonly failure?: Observed;
}

/** A report, as far as it says something about the provider. `detail`: bot-controlled. */
export type Seen = { readonly type: "sent" } | { readonly type: "failed"; readonly detail: string };

export function healthAfter(before: BotHealth | undefined, seen: Seen, now: UnixMs): BotHealth {
  if (seen.type === "sent") return { ...before, sentAt: now };
  const { failure: _earlier, ...kept } = before ?? {};
  const failure = readObserved(seen.detail);
  return { ...kept, failedAt: now, ...(failure === undefined ? {} : { failure }) };
}

/** What is newer in each. */
export function newerHealth(one: BotHealth | undefined, other: BotHealth | undefined): BotHealth | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const sentAt = Math.max(one.sentAt ?? 0, other.sentAt ?? 0);
  const failed = (one.failedAt ?? 0) > (other.failedAt ?? 0) ? one : other;
  return {
    ...(sentAt === 0 ? {} : { sentAt }),
    ...(failed.failedAt === undefined ? {} : { failedAt: failed.failedAt }),
    ...(failed.failure === undefined ? {} : { failure: failed.failure }),
  };
}
