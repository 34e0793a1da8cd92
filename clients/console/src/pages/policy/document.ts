import { placeOfFault } from "./json-fault.ts";

/** A policy document: members by name. */
export type Members = Readonly<Record<string, unknown>>;

/** What a text is as a document, or where it is none. */
export type Parsed =
  | { readonly ok: true; readonly members: Members }
  /** `line` and `column` from 1. */
  | { readonly ok: false; readonly why: "syntax"; readonly line: number; readonly column: number }
  | { readonly ok: false; readonly why: "no-object" };

/** Reads a document as it was typed. */
export function parseDocument(text: string): Parsed {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { ok: false, why: "syntax", ...placeOfFault(text) };
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return { ok: false, why: "no-object" };
  return { ok: true, members: parsed as Members };
}

/** A document as people edit it. */
export function documentText(documentJson: string): string {
  return `${JSON.stringify(JSON.parse(documentJson), null, 2)}\n`;
}

/** A member's value in one line. */
export function valueText(value: unknown): string {
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value.join(", ");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  if (value === undefined) return "–";
  return isFlat(value)
    ? Object.entries(value)
        .map(([name, each]) => `${name}: ${valueText(each)}`)
        .join(", ")
    : JSON.stringify(value);
}

function isFlat(value: unknown): value is Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((each) => typeof each !== "object");
}

/** A member that differs. */
export interface DifferingMember {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Members that two documents have differently, by name. */
export function differences(before: Members, after: Members): readonly DifferingMember[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names
    .map((name) => ({ name, before: before[name], after: after[name] }))
    .filter((each) => canonical(each.before) !== canonical(each.after));
}

/** Theirs, and mine where I alone changed something. */
export function merged(base: Members, theirs: Members, mine: Members): Members {
  const result: Record<string, unknown> = { ...theirs };
  for (const { name, after } of differences(base, mine)) {
    if (canonical(theirs[name]) !== canonical(base[name])) continue;
    if (after === undefined) delete result[name];
    else result[name] = after;
  }
  return result;
}

function canonical(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each)]));
}
