import { readFileSync } from "node:fs";
import { refused } from "../cli-error.ts";

/** Names the version that a file was made from. Left out before it is sent: it is no rule. */
const VERSION_MEMBER = "$version";

type Members = Readonly<Record<string, unknown>>;

/** A policy document in a file. */
export interface PolicyFile {
  readonly document: Members;
  /** What it was made from; undefined: the file does not say. */
  readonly version: number | undefined;
}

/** Reads a document. Throws a CliError naming file and place. */
export function readPolicyFile(path: string): PolicyFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw refused(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { [VERSION_MEMBER]: version, ...document } = parse(path, text);
  if (version !== undefined && !(Number.isInteger(version) && Number(version) > 0))
    throw refused(`${path}: ${VERSION_MEMBER} is the number that policy get wrote, or is left away`);
  return { document, version: version === undefined ? undefined : Number(version) };
}

/** The document as people edit it, with what it was made from on top. */
export function policyFileText(documentJson: string, version: number): string {
  const document = parse("the core's answer", documentJson);
  return `${JSON.stringify({ [VERSION_MEMBER]: version, ...document }, null, 2)}\n`;
}

function parse(from: string, text: string): Members {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw refused(`${from}: is no JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Members;
  throw refused(`${from}: is no JSON object; a policy is: docs/protocol/policy.md`);
}

/** One member that differs; "" where there is none. */
export interface MemberDifference {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Members that differ between the rules in force, which has all of them, and a document. One that the document leaves out
 * takes its default, and `after` is then "".
 */
export function differences(documentJson: string, document: Members): MemberDifference[] {
  const before = parse("the core's answer", documentJson);
  const names = [...new Set([...Object.keys(before), ...Object.keys(document)])].toSorted();
  return names
    .map((name) => ({ name, before: canonical(before[name]), after: canonical(document[name]) }))
    .filter((member) => member.before !== member.after);
}

function canonical(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}
