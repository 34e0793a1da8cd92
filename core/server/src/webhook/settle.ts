// Pure: what a try makes of a message, and how the audit tells it.
import type { UnixMs } from "../store/entity.ts";
import type { AuditDraft } from "../store/store.ts";
import type { Tried } from "./post.ts";
import { nextTry } from "./retry.ts";
import type { Webhook, WebhookDelivery } from "./webhook.ts";

/** The message after a try; `draw`: a number from 0 to 1. */
export function afterTry(
  before: WebhookDelivery,
  { result, status, quietUntil = 0 }: Tried,
  now: UnixMs,
  draw: number,
): WebhookDelivery {
  const tried = { ...before, attempts: before.attempts + 1, lastResult: result, lastStatus: status };
  if (result === "2xx") return { ...tried, state: "DELIVERED", at: now };
  const at = nextTry(tried, now, draw);
  return at === undefined ? { ...tried, state: "DEAD", at: now } : { ...tried, at: Math.max(at, quietUntil) };
}

/** Its receiver says that nobody is there any more, and nobody will be. RFC 9110 section 15.5.11 */
export function isGone({ status }: Tried): boolean {
  return status === 410;
}

/** Until when an endpoint is left alone, after these answers; undefined: nobody has asked for it. */
export function quietAfter(tries: readonly Tried[], before: UnixMs | undefined): UnixMs | undefined {
  const asked = tries.flatMap(({ quietUntil }) => quietUntil ?? []);
  return asked.length === 0 ? before : Math.max(before ?? 0, ...asked);
}

const EVENT: Readonly<Record<WebhookDelivery["state"], string>> = {
  PENDING: "webhook.failed",
  DELIVERED: "webhook.delivered",
  DEAD: "webhook.dead",
};

export function auditOfTry(after: WebhookDelivery): AuditDraft {
  const { event, attempts, lastResult: result, lastStatus: status } = after;
  const detail = { id: event.id, type: event.type, attempts, result, status };
  return auditOfWebhook(EVENT[after.state], after, "core", detail);
}

/** Something about an endpoint. */
export function auditOfWebhook(
  event: string,
  { endpointId, tenantId }: Pick<Webhook, "endpointId" | "tenantId">,
  actor: string,
  detail: AuditDraft["detail"] = {},
): AuditDraft {
  return { event, tenant: tenantId, actor, subject: `webhook:${endpointId}`, detail };
}
