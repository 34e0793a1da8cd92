// Pure: how long a receiver asks to be left alone. docs/protocol/webhook.md section 5.
//
// Retry-After = HTTP-date / delay-seconds                                                          RFC 9110 section 10.2.3
// HTTP-date   = "Sun, 06 Nov 1994 08:49:37 GMT" / "Sunday, 06-Nov-94 08:49:37 GMT" / "Sun Nov  6 08:49:37 1994"   5.6.7
import type { UnixMs } from "../store/entity.ts";
import { LONGEST_PAUSE_MS } from "./retry.ts";

const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const WEEKDAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day";
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = String.raw`\d\d:\d\d:\d\d`;
const DATES = [
  new RegExp(String.raw`^${DAY}, \d\d ${MONTH} \d{4} ${TIME} GMT$`),
  new RegExp(String.raw`^${WEEKDAY}, \d\d-${MONTH}-\d\d ${TIME} GMT$`),
  new RegExp(String.raw`^${DAY} ${MONTH} [ \d]\d ${TIME} \d{4}$`),
];

/** A receiver, or what stands before it, has too much to do: whatever is posted, it is too early. The others are about a message. */
const ASKING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Until when nothing is to be posted, an hour from now at most; undefined: it asks for nothing, or for what nobody understands.
 * `header`: of the answer, so whatever a receiver writes.
 */
export function askedUntil(status: number, header: string | undefined, now: UnixMs): UnixMs | undefined {
  if (header === undefined || !ASKING.has(status)) return undefined;
  const until = /^\d+$/.test(header) ? now + Number(header) * 1000 : readDate(header);
  return until > now ? Math.min(until, now + LONGEST_PAUSE_MS) : undefined;
}

/** NaN: it is none. Of the three forms one does not say that it is GMT. */
function readDate(text: string): number {
  if (!DATES.some((form) => form.test(text))) return Number.NaN;
  return Date.parse(text.endsWith(" GMT") ? text : `${text} GMT`);
}
