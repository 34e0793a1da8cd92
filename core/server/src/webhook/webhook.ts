// What is stored of webhooks: endpoints, how far each has read the chains, and what is on its way. docs/protocol/webhook.md
import type { EntityKey, HexId, Shard, UnixMs } from "../store/entity.ts";
import type { Index } from "../store/store.ts";
import type { WebhookEvent } from "./event.ts";

/** A place that is told. Its signing secret is derived, and stored nowhere. */
export interface Webhook {
  readonly endpointId: HexId;
  readonly tenantId: HexId;
  readonly url: string;
  /** Names, or beginnings of names with a dot at the end; none: all. */
  readonly events: readonly string[];
  readonly description: string;
  readonly createdAt: UnixMs;
  /** Of its secret, from 1. */
  readonly generation: number;
  /** Until then the secret before signs along. */
  readonly previousUntil: UnixMs | undefined;
  readonly paused: boolean;
  /** When its receiver said that it is gone, which is why it is paused; absent: it did not. */
  readonly goneAt?: UnixMs;
  /** SHA-256 of the request that made it: a repeated one is answered the same. */
  readonly bodyHash: Uint8Array;
}

/** How far an endpoint's events are queued, and which core works on it. */
export interface WebhookProgress {
  /** For each chain the first entry that was not looked at; a chain without one: from when the endpoint was made. */
  readonly cursors: readonly (readonly [shard: Shard, seq: number])[];
  /** The core that posts; "": none. */
  readonly holder: string;
  /** Others may take over from then on. */
  readonly until: UnixMs;
  /** Nothing is posted before: its receiver asked for time; absent: it never did. */
  readonly quietUntil?: UnixMs | undefined;
}

/** What every creation of a tenant's endpoints writes, so that of two at once each knows of the other. */
export interface WebhooksMade {
  /** Ever, and not counting those of before this was kept. */
  readonly made: number;
}

/** One message to one endpoint. */
export interface WebhookDelivery {
  readonly endpointId: HexId;
  readonly tenantId: HexId;
  readonly event: WebhookEvent;
  readonly state: "PENDING" | "DELIVERED" | "DEAD";
  readonly attempts: number;
  /** When the 24 hours began within which it is tried. */
  readonly queuedAt: UnixMs;
  /** PENDING: of the next try; else since when it is so. */
  readonly at: UnixMs;
  /** How the last try ended; "": there was none. */
  readonly lastResult: string;
  readonly lastStatus: number;
}

/** Whose all endpoints are. */
export const WEBHOOKS = "webhooks";

/** Endpoints of one tenant. */
export const MOST_ENDPOINTS = 16;

export function webhookKey(endpointId: HexId): EntityKey<"webhook"> {
  return { type: "webhook", tenant: "", id: endpointId };
}

/** All endpoints of all tenants are one list. */
export function webhookIndex({ createdAt }: Webhook): Index {
  return { owner: WEBHOOKS, sort: createdAt };
}

export function webhooksMadeKey(tenantId: HexId): EntityKey<"webhooks-made"> {
  return { type: "webhooks-made", tenant: tenantId, id: "all" };
}

export function progressKey(endpointId: HexId): EntityKey<"webhook-progress"> {
  return { type: "webhook-progress", tenant: "", id: endpointId };
}

export function webhookDeliveryKey(endpointId: HexId, webhookId: string): EntityKey<"webhook-delivery"> {
  return { type: "webhook-delivery", tenant: "", id: `${endpointId}:${webhookId}` };
}

/** Lists of one endpoint's messages. */
export function deliveriesOf(endpointId: HexId, state: WebhookDelivery["state"]): string {
  return `${endpointId}:${state}`;
}

/** Lists are newest first: what waits is in the order of its next try by counting backwards. */
export function deliveryIndex({ endpointId, state, at }: WebhookDelivery): Index {
  return { owner: deliveriesOf(endpointId, state), sort: state === "PENDING" ? -at : at };
}
