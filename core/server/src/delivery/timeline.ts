// Pure: what happened to a delivery, kept in it. docs/protocol/delivery.md section 6.
import type { UnixMs } from "../store/entity.ts";
import type { Delivery, DeliveryReason } from "./delivery.ts";

/** How each event is written into the store: one letter, so that a long life stays a small entity. */
const LETTERS = {
  QUEUED: "Q",
  HANDED: "H",
  NOTICE_SENT: "N",
  SENT: "S",
  EDITED: "E",
  REACHED: "R",
  RETRIED: "T",
  UNKNOWN: "U",
  FAILED: "F",
  WITHDRAWN: "W",
} as const;
/** Names as in countersign.core.v1.DeliveryEventType. */
export type TimelineEventType = keyof typeof LETTERS;
type Letter = (typeof LETTERS)[TimelineEventType];
const TYPES = new Map(Object.entries(LETTERS).map(([type, letter]) => [letter, type as TimelineEventType]));

/** As stored: letter, milliseconds since the delivery was made, number of the code or 0, and why where that is told. */
export type LoggedEvent = readonly [letter: Letter, after: number, issue: number, reason?: DeliveryReason];

/** One event, told. */
export interface TimelineEvent {
  /** Counts the delivery's events from 1. */
  readonly sequence: number;
  readonly type: TimelineEventType;
  readonly at: UnixMs;
  readonly issue: number;
  readonly reason: DeliveryReason | undefined;
}

/** Older events are forgotten; their number is not. */
export const MOST_EVENTS = 64;

/** The delivery with one more event. Times never go back, whatever the store's clock does. */
export function noted(
  delivery: Delivery,
  type: TimelineEventType,
  now: UnixMs,
  about: { readonly issue: number; readonly reason?: DeliveryReason },
): Delivery {
  const log = delivery.log ?? [];
  const after = Math.max(now - delivery.createdAt, log.at(-1)?.[1] ?? now - delivery.createdAt);
  const { issue, reason } = about;
  const entry: LoggedEvent =
    reason === undefined ? [LETTERS[type], after, issue] : [LETTERS[type], after, issue, reason];
  return { ...delivery, log: [...log, entry].slice(-MOST_EVENTS), logged: (delivery.logged ?? 0) + 1 };
}

/** The kept events, oldest first. */
export function timelineOf({ log = [], logged = 0, createdAt }: Delivery): TimelineEvent[] {
  return log.flatMap(([letter, after, issue, reason], index) => {
    const type = TYPES.get(letter);
    const sequence = logged - log.length + index + 1;
    return type === undefined ? [] : [{ sequence, type, at: createdAt + after, issue, reason }];
  });
}

/** Whether the last that was said of it is that nobody knows. */
export function isSaidUnknown({ log }: Delivery): boolean {
  return log?.at(-1)?.[0] === LETTERS.UNKNOWN;
}

/** Number of the code that is wanted, from 1; 0: an outcome or an alert. */
export function wantedIssue({ wanted }: Delivery): number {
  return wanted.phase === "full" ? wanted.issue.n : 0;
}
