// What lists are asked with: read once, refused by the name of the field.
import type { Timestamp } from "@countersign/proto/google/protobuf/timestamp";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";

/** The last moment that a Timestamp can name, 9999-12-31T23:59:59Z. */
const LAST_SECOND = 253_402_300_799;

export function readMoment(at: Timestamp | undefined, field: string): UnixMs | undefined | Refusal {
  if (at === undefined) return undefined;
  const seconds = Number(at.seconds);
  if (seconds < 0 || seconds > LAST_SECOND) return badInput(`${field}.seconds`, `must be 0 to ${LAST_SECOND}`);
  if (at.nanos < 0 || at.nanos > 999_999_999) return badInput(`${field}.nanos`, "must be 0 to 999999999");
  return seconds * 1000 + Math.floor(at.nanos / 1_000_000);
}

/** Two moments, either of them left out; the second is exclusive. */
export interface Between {
  readonly from: UnixMs | undefined;
  readonly below: UnixMs | undefined;
}

export function readBetween(
  [after, afterField]: readonly [Timestamp | undefined, string],
  [before, beforeField]: readonly [Timestamp | undefined, string],
): Between | Refusal {
  const from = readMoment(after, afterField);
  if (isRefusal(from)) return from;
  const below = readMoment(before, beforeField);
  if (isRefusal(below)) return below;
  if (from !== undefined && below !== undefined && from >= below)
    return badInput(beforeField, `must be later than ${afterField}`);
  return { from, below };
}

/** Names of values of a generated enum, each once; the one that means none is refused. */
export function readNames(
  asked: readonly number[],
  values: Readonly<Record<string, number>>,
  field: string,
): readonly string[] | Refusal {
  const names = new Set<string>();
  for (const [i, one] of asked.entries()) {
    const name = one <= 0 ? undefined : Object.keys(values).find((known) => values[known] === one);
    if (name === undefined) return badInput(`${field}[${i}]`, "there is no such value; leave the list empty for all");
    names.add(name);
  }
  return [...names];
}

/** The beginning of a user's name. */
export function checkUserPrefix(prefix: string, field: string): Refusal | undefined {
  if (/^[A-Za-z0-9._@+-]{0,64}$/.test(prefix)) return undefined;
  return badInput(field, "must be at most 64 of A-Z a-z 0-9 . _ @ + -");
}

export function checkHexPrefix(prefix: string, field: string): Refusal | undefined {
  return /^[0-9a-f]{0,32}$/.test(prefix)
    ? undefined
    : badInput(field, "must be at most 32 hexadecimal digits in lower case");
}
