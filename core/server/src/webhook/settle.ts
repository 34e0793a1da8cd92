// Pure: what a try makes of a message, and how the audit tells it.
import type { UnixMs } from "../store/entity.ts";
import type { AuditDraft } from "../store/store.ts";
import type { Tried } from "./post.ts";
import { nextTry } from "./retry.ts";
import type { Webhook, WebhookDelivery } from "./webhook.ts";

/** The message after a try; `draw`: a number from 0 to 1. */
export function afterTry(
  before: WebhookDelivery,
  { result, status }: Tried,
  now: UnixMs,
  draw: number,
): WebhookDelivery {
  const tried = { ...before, attempts: before.attempts + 1, lastResult: result, lastStatus: status };
  if (result === "2xx") return { ...tried, state: "DELIVERED", at: now };
  const at = nextTry(tried, now, draw);
  return at === undefined ? { ...tried, state: "DEAD", at: now } : { ...tried, at };
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
