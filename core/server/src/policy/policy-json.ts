// Pure: a policy as the document that makes it. docs/protocol/policy.md
import { Kind, toHex } from "@countersign/protocol";
import type { AmountLimit, Policy } from "./policy.ts";

/** JSON data with every member that a document may have; parsePolicy reads it back. What the core itself sets is left out. */
export function documentOf(policy: Policy): Readonly<Record<string, unknown>> {
  const { refusedFidoModels: _own, highValue, modeCLimit, kinds, attestationKeys, approvers = [], ...plain } = policy;
  const names = new Map<number, string>(Object.entries(Kind).map(([name, kind]) => [kind, name]));
  return {
    ...plain,
    highValue: highValue.map(limitOf),
    modeCLimit: modeCLimit.map(limitOf),
    kinds: kinds.map((kind) => names.get(kind)),
    approvers: approvers.map(({ kinds: some, from, ...rule }) => ({
      ...rule,
      from: from.map(limitOf),
      ...(some.length === 0 ? {} : { kinds: some.map((kind) => names.get(kind)) }),
    })),
    attestationKeys: attestationKeys.map(({ model, publicKey }) => ({ model, publicKey: toHex(publicKey) })),
  };
}

/** Canonical text of it: members by name, absent ones left out. */
export function policyJson(policy: Policy): string {
  return JSON.stringify(sorted(documentOf(policy)));
}

/** Members whose values differ, by name, as JSON text; "": it has none. */
export function differingMembers(before: Policy, after: Policy): { name: string; before: string; after: string }[] {
  const [old, young] = [documentOf(before), documentOf(after)];
  const names = [...new Set([...Object.keys(old), ...Object.keys(young)])].toSorted();
  return names
    .map((name) => ({ name, before: textOf(old[name]), after: textOf(young[name]) }))
    .filter((member) => member.before !== member.after);
}

function limitOf({ currency, minorUnits }: AmountLimit): { currency: string; minorUnits: string } {
  return { currency, minorUnits: String(minorUnits) };
}

function textOf(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  );
}
