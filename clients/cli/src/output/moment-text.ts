import type { Timestamp } from "@countersign/proto/google/protobuf/timestamp";

/** `2026-11-30T14:31:00Z`; "" when it is absent or no date at all. */
export function momentText(time: Timestamp | undefined): string {
  if (time === undefined) return "";
  const date = new Date(Number(time.seconds) * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().replace(/\.\d{3}Z$/, "Z");
}
