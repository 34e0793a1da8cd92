import type { AuditDraft, CrashPoint } from "@countersign/core";

/** What one commit does, as the audit tells it: `delivery.handed/notice`, `statement.refused/WRONG_CODE`. */
export type Effect = string;

/** Where the core dies: before a change set with this effect is handed to the store, at a point inside, after it is durable and nobody was told. */
export interface CrashAt {
  readonly when: "before" | "after" | CrashPoint;
  readonly effect: Effect;
}

/** Events that are told apart by what they are about. */
const BY = ["rpc", "phase", "reason"] as const;

export function effectOf({ event, detail }: Pick<AuditDraft, "event" | "detail">): Effect {
  const about = BY.map((member) => detail[member]).find((value) => typeof value === "string");
  return about === undefined ? event : `${event}/${about}`;
}

/** As it stands in the file of an armed core, and in the names of tests. */
export function textOf({ when, effect }: CrashAt): string {
  return `${when} ${effect}`;
}
