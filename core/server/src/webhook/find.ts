// Endpoints and their messages, as they are stored.
import type { CoreGiven } from "../given.ts";
import type { HexId } from "../store/entity.ts";
import { WEBHOOK_SHARD } from "../store/entity.ts";
import type { LoadedEntity } from "../store/store.ts";
import {
  deliveriesOf,
  progressKey,
  WEBHOOKS,
  webhookKey,
  type Webhook,
  type WebhookDelivery,
  type WebhookProgress,
} from "./webhook.ts";

type StoreGiven = Pick<CoreGiven, "store">;

/** However many there are: it is a page, and no bound. */
const PAGE = 500;

/** Every endpoint of every tenant. */
export async function everyWebhook({ store }: StoreGiven): Promise<Webhook[]> {
  const all: Webhook[] = [];
  let page: { readonly tenant: ""; readonly limit: number; readonly before?: number } = { tenant: "", limit: PAGE };
  for (;;) {
    const keys = await store.list(WEBHOOK_SHARD, "webhook", WEBHOOKS, page);
    if (keys.length === 0) return all;
    const { entities } = await store.load(WEBHOOK_SHARD, ...keys);
    const found = entities.flatMap(({ body }) => body ?? []);
    all.push(...found);
    if (keys.length < PAGE) return all;
    for (const { createdAt } of found) page = { ...page, before: Math.min(createdAt, page.before ?? createdAt) };
  }
}

/** Oldest first. */
export async function webhooksOf(given: StoreGiven, tenantId: HexId): Promise<Webhook[]> {
  const all = await everyWebhook(given);
  return all.filter((one) => one.tenantId === tenantId).toSorted((one, other) => one.createdAt - other.createdAt);
}

/** undefined: the tenant has none of this id. */
export async function webhookOf(
  { store }: StoreGiven,
  tenantId: HexId,
  endpointId: string,
): Promise<
  (LoadedEntity<"webhook"> & { readonly body: Webhook; readonly epoch: number; readonly now: number }) | undefined
> {
  if (!/^[0-9a-f]{32}$/.test(endpointId)) return undefined;
  const { entities, epoch, now } = await store.load(WEBHOOK_SHARD, webhookKey(endpointId));
  const { key, version, body } = entities[0];
  return body?.tenantId === tenantId ? { key, version, body, epoch, now } : undefined;
}

/** undefined: nothing was ever queued for it. */
export async function progressOf({ store }: StoreGiven, endpointId: HexId): Promise<WebhookProgress | undefined> {
  return (await store.load(WEBHOOK_SHARD, progressKey(endpointId))).entities[0].body;
}

/** An endpoint's messages in one state, in the order of their list. */
export async function listDeliveries(
  { store }: StoreGiven,
  { endpointId }: Pick<Webhook, "endpointId">,
  {
    state,
    limit,
    before,
  }: { readonly state: WebhookDelivery["state"]; readonly limit: number; readonly before?: number },
): Promise<(LoadedEntity<"webhook-delivery"> & { readonly body: WebhookDelivery })[]> {
  const page = { tenant: "", limit, ...(before === undefined ? {} : { before }) };
  const keys = await store.list(WEBHOOK_SHARD, "webhook-delivery", deliveriesOf(endpointId, state), page);
  if (keys.length === 0) return [];
  const { entities } = await store.load(WEBHOOK_SHARD, ...keys);
  return entities.flatMap(({ key, version, body }) => (body?.state === state ? [{ key, version, body }] : []));
}

/** How many there are in a state, up to 1000. */
export async function countDeliveries(
  { store }: StoreGiven,
  endpointId: HexId,
  state: WebhookDelivery["state"],
): Promise<number> {
  const page = { tenant: "", limit: MOST_COUNTED };
  const keys = await store.list(WEBHOOK_SHARD, "webhook-delivery", deliveriesOf(endpointId, state), page);
  return Math.min(keys.length, MOST_COUNTED);
}

const MOST_COUNTED = 1000;
