// Pure: who has to confirm beside the user. docs/protocol/policy.md section 6
import { isCoreKind, Kind, type Amount } from "@countersign/protocol";
import type { ApproverRule, FrozenApproval, Policy } from "./policy.ts";
import { isHighValue } from "./value-class.ts";

const HOUR_MS = 3_600_000;

/** The first rule that matches; undefined: the user alone. What the core itself asks of a user he alone confirms. */
export function approvalFor(
  { approvers = [] }: Pick<Policy, "approvers">,
  kind: Kind,
  amounts: readonly Amount[],
): FrozenApproval | undefined {
  if (isCoreKind(kind)) return undefined;
  const rule = approvers.find((one) => matches(one, kind, amounts));
  return rule && { users: rule.users, needed: rule.needed, withinMs: rule.withinHours * HOUR_MS };
}

/** Money without an amount cannot be compared, and counts as much. */
function matches({ kinds, from }: ApproverRule, kind: Kind, amounts: readonly Amount[]): boolean {
  if (kinds.length > 0 && !kinds.includes(kind)) return false;
  if (from.length === 0) return true;
  const isMoney = kind === Kind.PAY || kind === Kind.TRANSFER;
  return amounts.length === 0 ? isMoney : isHighValue(amounts, from);
}

/** Where a lax rule stands before a strict one that it would hide; undefined: nowhere. */
export function hiddenRule(rules: readonly ApproverRule[]): number | undefined {
  const found = rules.findIndex((rule, i) =>
    rules.slice(0, i).some((before) => overlap(before, rule) && before.needed < rule.needed),
  );
  return found === -1 ? undefined : found;
}

function overlap(one: ApproverRule, other: ApproverRule): boolean {
  return one.kinds.length === 0 || other.kinds.length === 0 || one.kinds.some((kind) => other.kinds.includes(kind));
}
