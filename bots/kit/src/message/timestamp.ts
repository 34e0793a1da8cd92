import type { Timestamp } from "@countersign/proto/google/protobuf/timestamp";

/** A protobuf timestamp as a Date, rounded down to milliseconds; undefined when absent. */
export function dateOf(timestamp: Timestamp | undefined): Date | undefined {
  if (timestamp === undefined) return undefined;
  return new Date(Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000));
}

/** The reverse, for tests and fakes. */
export function timestampOf(date: Date): Timestamp {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * 1000) * 1_000_000 };
}

/**
 * A point in time as chats show it: absolute, 24 hours, with the offset from UTC: `14:32:10 (UTC+1)`. The same in every
 * language, so that it can be compared; `zone` is an IANA name. With `day`, the ISO date comes first.
 */
export function timeText(date: Date, zone: string, day: boolean = false): string {
  const format = new Intl.DateTimeFormat("en-u-nu-latn-ca-gregory", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
    timeZoneName: "shortOffset",
  });
  const parts = Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
  const time = `${parts["hour"]}:${parts["minute"]}:${parts["second"]}`;
  const offset = parts["timeZoneName"]?.replace("GMT", "UTC");
  const date8601 = `${parts["year"]}-${parts["month"]}-${parts["day"]}`;
  return `${day ? `${date8601} ` : ""}${time} (${offset})`;
}
