// Pure: what happened to a delivery, kept in it. docs/protocol/delivery.md section 4.
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
const TYPES = new Map<string, TimelineEventType>(
  Object.entries(LETTERS).map(([type, letter]) => [letter, type as TimelineEventType]),
);

/**
 * As stored: events divided by ";", each a letter, the milliseconds since the delivery was made, "." and the number of the
 * code or 0, and where that is told "." and why: `Q0.1;H350.1;F700.1.CHANNEL_DOWN`. One string, because a delivery is
 * written six times in the life of a prompt, and its log is read only when somebody asks.
 */
export type EventLog = string;
const ENTRY = /^([A-Z])(-?\d+)\.(\d+)(?:\.(\w+))?$/;

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
  { issue, reason }: { readonly issue: number; readonly reason?: DeliveryReason },
): Delivery {
  const { log = "", logged = 0, createdAt } = delivery;
  const last = read(lastOf(log));
  const after = Math.max(now - createdAt, last?.after ?? now - createdAt);
  const entry = `${LETTERS[type]}${after}.${issue}${reason === undefined ? "" : `.${reason}`}`;
  const kept = logged >= MOST_EVENTS ? log.slice(log.indexOf(";") + 1) : log;
  return { ...delivery, log: kept === "" ? entry : `${kept};${entry}`, logged: logged + 1 };
}

/** The kept events, oldest first. */
export function timelineOf({ log = "", logged = 0, createdAt }: Delivery): TimelineEvent[] {
  const entries = log === "" ? [] : log.split(";");
  return entries.flatMap((entry, index) => {
    const event = read(entry);
    if (event === undefined) return [];
    const { after, ...told } = event;
    return [{ ...told, sequence: logged - entries.length + index + 1, at: createdAt + after }];
  });
}

function read(entry: string): (Pick<TimelineEvent, "type" | "issue" | "reason"> & { after: number }) | undefined {
  const [, letter = "", after = "", issue = "", reason] = ENTRY.exec(entry) ?? [];
  const type = TYPES.get(letter);
  // Its own core wrote it, from the closed list.
  return type && { type, after: Number(after), issue: Number(issue), reason: reason as DeliveryReason | undefined };
}

function lastOf(log: EventLog): string {
  return log.slice(log.lastIndexOf(";") + 1);
}

/** Whether the last that was said of it is that nobody knows. */
export function isSaidUnknown({ log }: Delivery): boolean {
  return log !== undefined && lastOf(log).startsWith(LETTERS.UNKNOWN);
}

/** Number of the code that is wanted, from 1; 0: an outcome or an alert. */
export function wantedIssue({ wanted }: Delivery): number {
  return wanted.phase === "full" ? wanted.issue.n : 0;
}
