// The endpoint that people mean by its id, its beginning, or its URL.
import { WebhookServiceListRequest, type Webhook } from "@countersign/proto/node/admin/v1/webhook_service";
import { call } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { only } from "./find.ts";

/** As it stands. */
export async function endpointOf(on: AdminGiven, tenantId: string, wanted: string): Promise<Webhook> {
  const request = WebhookServiceListRequest.create({ tenantId });
  const { webhooks } = await call(on.webhooks.list.bind(on.webhooks), request, on.core);
  if (webhooks.length === 0) throw refused("there is no endpoint yet: countersign admin webhook add URL");
  return only(webhooks, wanted, { what: "endpoint", id: ({ endpointId }) => endpointId, names: ({ url }) => [url] });
}

/** A whole id is believed: a list that fails must not stand between an administrator and a stop. */
export async function endpointIdOf(on: AdminGiven, tenantId: string, wanted: string): Promise<string> {
  return /^[0-9a-f]{32}$/.test(wanted) ? wanted : (await endpointOf(on, tenantId, wanted)).endpointId;
}
