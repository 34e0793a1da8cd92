import type { Locale } from "./locale.ts";

/** A moment as the core tells it. */
export interface Moment {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Unix milliseconds of a moment. */
export function msOf({ seconds, nanos }: Moment): number {
  return Number(seconds) * 1000 + Math.floor(nanos / 1e6);
}

/** A moment for the core. */
export function momentOf(ms: number): Moment {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (((ms % 1000) + 1000) % 1000) * 1e6 };
}

/** Day, time to the second and the zone, in the language's way and in digits that are the same everywhere. */
export function formatMoment(ms: number, locale: Locale, timeZone?: string): string {
  return new Intl.DateTimeFormat(`${tagOf(locale)}-u-nu-latn-hc-h23`, {
    dateStyle: "medium",
    timeStyle: "long",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(ms);
}

/** Hour and minute, in digits that are the same everywhere. */
export function formatClock(ms: number, locale: Locale, timeZone?: string): string {
  return new Intl.DateTimeFormat(`${tagOf(locale)}-u-nu-latn-hc-h23`, {
    ...{ hour: "2-digit", minute: "2-digit" },
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(ms);
}

const STEPS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** How long ago, or in how long: "3 minutes ago". */
export function formatDistance(ms: number, now: number, locale: Locale): string {
  const format = new Intl.RelativeTimeFormat(`${tagOf(locale)}-u-nu-latn`, { numeric: "auto" });
  const [unit, length] = STEPS.find(([, each]) => Math.abs(ms - now) >= each) ?? STEPS[3];
  return format.format(Math.trunc((ms - now) / length), unit);
}

function tagOf(locale: Locale): string {
  return locale === "en-XA" ? "en" : locale;
}
