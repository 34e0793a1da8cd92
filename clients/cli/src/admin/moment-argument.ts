import type { Timestamp } from "@countersign/proto/google/protobuf/timestamp";
import { refused } from "../cli-error.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * A moment as people give it: ISO 8601 (`2026-11-30`, `2026-11-30T14:00Z`), or how long ago (`15m`, `24h`, `7d`).
 * Throws a CliError naming the option.
 */
export function momentArgument(
  option: string,
  text: string | undefined,
  now: number = Date.now(),
): Timestamp | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ""] = /^(\d{1,5})([smhd])$/.exec(text) ?? [];
  const ms = count === undefined ? parsed(text) : now - Number(count) * (UNITS[unit] ?? 0) * 1000;
  if (Number.isNaN(ms))
    throw refused(`${option} ${text}: expected a moment such as 2026-11-30T14:00Z, or 24h ago as 24h`);
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: 0 };
}

/** Without a zone it would mean something else on another PC. */
function parsed(text: string): number {
  return /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
}

/** Seconds of `90s`, `15m`, `24h`, `7d`. Throws a CliError naming the option. */
export function spanArgument(option: string, text: string): bigint {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw refused(`${option} ${text}: expected a span such as 90s, 15m, 24h or 7d`);
  return BigInt(Number(count) * (UNITS[unit] ?? 0));
}
