// Pure: the tokens of an app, a bot or an administrator. One counts while its holder lists it.
import type { UnixMs } from "../store/entity.ts";

/** A token that was issued, by tokenId(token). */
export interface HeldToken {
  readonly id: string;
  readonly issuedAt: UnixMs;
  /** It opens nothing from then on; absent: nobody said so. */
  readonly until?: UnixMs;
  /** Of a page, by a LOGIN. */
  readonly session?: true;
}

/** Those that count, oldest first. */
export interface HeldTokens {
  readonly listed: readonly HeldToken[];
  /** Until when tokens count that were issued before there was a list. Absent: none does. */
  readonly unlistedUntil?: UnixMs | "always";
}

/** Of one holder; the oldest must be revoked before there is another. */
export const MOST_TOKENS = 16;

/**
 * Whether a token counts, and until when; undefined: it does not. `held` undefined: the holder is from before the list.
 * `listed`: the token was issued to be listed, so that it is worth nothing when it is not, or no more.
 */
export function endOfToken(
  held: HeldTokens | undefined,
  { id, listed = false }: { readonly id: string; readonly listed?: boolean | undefined },
  now: UnixMs,
): { readonly until?: UnixMs } | undefined {
  const token = held?.listed.find((one) => one.id === id);
  if (token === undefined && listed) return undefined;
  if (held === undefined) return {};
  const until = token === undefined ? (held.unlistedUntil ?? 0) : token.until;
  if (until === undefined || until === "always") return {};
  return now < until ? { until } : undefined;
}

/** With one more; with an overlap all others end so long from now, those that end earlier when they would. */
export function withToken(
  held: HeldTokens | undefined,
  id: string,
  { now, overlapMs }: { readonly now: UnixMs; readonly overlapMs: number | undefined },
): HeldTokens {
  const before: HeldTokens = held ?? { listed: [], unlistedUntil: "always" };
  if (before.listed.some((one) => one.id === id)) return before;
  const token = { id, issuedAt: now };
  if (overlapMs === undefined) return { ...before, listed: [...openOf(before, now), token] };
  const end = now + overlapMs;
  const ended = openOf(before, now).map((one) => ({ ...one, until: Math.min(one.until ?? Infinity, end) }));
  const { unlistedUntil: unlisted = 0 } = before;
  const unlistedUntil = unlisted === "always" ? end : Math.min(unlisted, end);
  return { listed: [...ended, token], ...(unlistedUntil > now ? { unlistedUntil } : {}) };
}

/** Without one, or without any. */
export function withoutToken(held: HeldTokens | undefined, id: string | undefined): HeldTokens {
  if (id === undefined) return { listed: [] };
  const before: HeldTokens = held ?? { listed: [], unlistedUntil: "always" };
  const listed = before.listed.filter((one) => one.id !== id);
  return listed.length === before.listed.length ? before : { ...before, listed };
}

/** Those that still count. */
export function openOf(held: HeldTokens | undefined, now: UnixMs): readonly HeldToken[] {
  return (held?.listed ?? []).filter(({ until }) => until === undefined || now < until);
}
