import { type Moment, momentOf } from "@countersign/pages";

const DAY_MS = 86_400_000;

/** The beginning of a day ("2026-11-22") in the reader's zone; undefined where none is given. */
export function beginningOf(day: string): Moment | undefined {
  const ms = msOfDay(day);
  return ms === undefined ? undefined : momentOf(ms);
}

/** Its end. */
export function endOf(day: string): Moment | undefined {
  const ms = msOfDay(day);
  return ms === undefined ? undefined : momentOf(ms + DAY_MS);
}

function msOfDay(day: string): number | undefined {
  const ms = day === "" ? Number.NaN : new Date(`${day}T00:00:00`).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}
