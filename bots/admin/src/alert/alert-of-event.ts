// Which events of the audit administrators are told of. docs/how-to/admin-bot.md lists them.
import type { AuditEvent } from "@countersign/proto/node/admin/v1/audit_service";
import type { AlertKind, Sighting } from "./alert.ts";

/** What the bot asks AuditService.Tail for. */
export const WATCHED_EVENTS: readonly string[] = [
  ...["statement.tampered", "statement.counted", "statement.refused", "statement.lost"],
  ...[
    "transaction.undeliverable",
    "delivery.failed",
    "bot.veto-alarm",
    "shard.epoch-began",
    "audit.sealed",
    "audit.contradicted",
  ],
  ...["admin.", "change.", "policy.", "token.", "app.", "tenant."],
  ...["bot.created", "bot.disabled", "bot.enabled", "bot.paused", "bot.resumed"],
  ...["user.frozen", "user.suspended", "user.resumed", "key.confirmed"],
];

/** What administrators did, or what was done to what they run: worth a line in /audit. */
const ACT = /^(?:admin|change|policy|token|app|tenant)\.|^bot\.(?:created|disabled|enabled|paused|resumed)$/;

/** Of these one learns as they happen: somebody may be using a session that is not his. */
const TOLD_ACTS: ReadonlySet<string> = new Set([
  ...["change.requested", "change.approved", "change.applied", "change.failed"],
  ...["admin.claimed", "admin.invited", "admin.enabled", "admin.disabled"],
  ...["policy.changed", "app.disabled", "bot.disabled", "bot.paused", "token.revoked"],
]);

/** Flat facts of an event; whatever cannot be read counts as none. */
export function detailOf({ detailJson }: Pick<AuditEvent, "detailJson">): Readonly<Record<string, unknown>> {
  try {
    const detail: unknown = JSON.parse(detailJson);
    return typeof detail === "object" && detail !== null ? (detail as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** undefined: nobody has to know at once. */
export function kindOf(event: AuditEvent): AlertKind | undefined {
  const { from, state } = detailOf(event);
  const becameLocked = state === "LOCKED" && from !== "LOCKED";
  switch (event.event) {
    case "statement.tampered":
      return "tampered";
    case "statement.counted":
    case "statement.refused":
    case "statement.lost":
      return becameLocked ? "locked" : undefined;
    case "transaction.undeliverable":
      return "undeliverable";
    case "delivery.failed":
      return "dead-letters";
    case "bot.veto-alarm":
      return "veto-alarm";
    case "audit.sealed":
      return "sealed";
    case "audit.contradicted":
      return "integrity";
    default:
      return TOLD_ACTS.has(event.event) ? "acts" : undefined;
  }
}

/** The sighting of an event, at the moment the bot hears of it. */
export function sightingOf(event: AuditEvent, now: number): Sighting | undefined {
  const kind = kindOf(event);
  if (kind === undefined) return undefined;
  return { kind, at: now, tenantId: event.tenantId, about: aboutOf(kind, event) };
}

/** Never a user's name: an alert may be seen by whoever sees the screen of an administrator's phone. */
function aboutOf(kind: AlertKind, { event, actor, subject, detailJson }: AuditEvent): string {
  if (kind === "acts") return `${event} ${actor}`;
  if (kind === "sealed") return headOf(detailOf({ detailJson }));
  if (kind === "integrity") return subject;
  return subject.startsWith("user:") ? "" : subject.slice(subject.indexOf(":") + 1);
}

/** What of it is to be kept: its number, and the root over all chains. */
function headOf({ number, root }: Readonly<Record<string, unknown>>): string {
  return typeof number === "number" && typeof root === "string" ? `#${number} ${root.slice(0, 64)}` : "";
}

/** Whether /audit shows it. */
export function isAct({ event }: Pick<AuditEvent, "event">): boolean {
  return ACT.test(event) || event === "user.frozen" || event === "user.suspended" || event === "user.resumed";
}
