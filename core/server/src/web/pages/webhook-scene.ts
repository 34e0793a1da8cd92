// For tests and pictures: endpoints of a bank, with messages that went well and that did not.
import { sha256, utf8 } from "@countersign/protocol";
import { isRefusal } from "../../rpc/refusal.ts";
import { WEBHOOK_SHARD, type HexId } from "../../store/entity.ts";
import { type CoreWorld, drawHexId } from "../../testing/core-world.ts";
import { createWebhook, setPaused } from "../../webhook/change-webhook.ts";
import { deliveryIndex, webhookDeliveryKey, type Webhook, type WebhookDelivery } from "../../webhook/webhook.ts";

/** An endpoint, as an administrator adds it. */
export async function addWebhook(
  { given, tenantId }: CoreWorld,
  { url, events = [], description = "", paused = false }: Partial<Webhook> & Pick<Webhook, "url">,
): Promise<Webhook> {
  const requestId = drawHexId();
  const use = { tenantId, by: "admin:anna", rpc: "webhook.create", requestId, bodyHash: sha256(utf8(requestId)) };
  const made = await createWebhook(given, use, { url, events, description });
  if (isRefusal(made)) throw new Error(made.message);
  if (paused) await setPaused(given, { tenantId, endpointId: made.endpointId, actor: "admin:anna" }, true);
  return made;
}

/** What became of a message; the core keeps it. Answers its id. */
export async function keepMessage(
  core: CoreWorld,
  { endpointId, tenantId }: Webhook,
  tried: Pick<WebhookDelivery, "state" | "attempts" | "lastResult" | "lastStatus"> & { readonly transactionId: HexId },
): Promise<string> {
  const { transactionId, ...standing } = tried;
  const at = core.given.store.now();
  const id = `evt_${drawHexId().slice(0, 20)}`;
  const named = { type: "transaction.executed", state: "EXECUTED", version: 3, test: false };
  const event = { id, at, tenantId, transactionId, ...named };
  const body: WebhookDelivery = { endpointId, tenantId, event, queuedAt: at, at, ...standing };
  const key = webhookDeliveryKey(endpointId, id);
  await core.commit(WEBHOOK_SHARD, [{ key, expected: "", body, index: deliveryIndex(body) }]);
  return id;
}
