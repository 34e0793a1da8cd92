// The RPCs of webhooks: who may call which is in rpc/permission.ts; here is whose what is. docs/protocol/webhook.md
import {
  WebhookDeliveryState,
  WebhookServiceCreateRequest,
  WebhookServiceService,
  type WebhookServiceListDeliveriesRequest,
  type WebhookServiceListDeliveriesResponse,
  type WebhookServiceReplayRequest,
  type WebhookServiceServer,
} from "@countersign/proto/node/admin/v1/webhook_service";
import { readMoment } from "../admin/list-filter.ts";
import { relyingPartyOf, tenantOf } from "../admin/tenant-of.ts";
import type { CoreGiven } from "../given.ts";
import { adminOf, anyAdmin, changingAdmin, stoppingAdmin } from "../rpc/caller.ts";
import { actorOf, serverStream, unary, type Call } from "../rpc/handler.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import { bodyHashOf, checkRequestId } from "../transaction/reserve.ts";
import {
  createWebhook,
  removeWebhook,
  rotateWebhook,
  setPaused,
  unknownWebhook,
  type NamedWebhook,
} from "./change-webhook.ts";
import { listDeliveries, webhookOf, webhooksOf } from "./find.ts";
import { listen } from "./listen.ts";
import { allowedOf } from "./post.ts";
import { badEvents, readWebhook } from "./read-webhook.ts";
import { replayOne, replaySince, type Replayed } from "./replay.ts";
import { secretOf } from "./secret.ts";
import { sendTest, trigger } from "./send-test.ts";
import { DELIVERY_STATE, deliveryMessage, tellWebhook } from "./webhook-message.ts";
import type { Webhook, WebhookDelivery } from "./webhook.ts";

export function webhookService(given: CoreGiven): Service {
  const implementation: WebhookServiceServer = { ...endpointRpcs(given), ...messageRpcs(given), ...testRpcs(given) };
  return { definition: WebhookServiceService, implementation };
}

type Rpcs<N extends keyof WebhookServiceServer> = Pick<WebhookServiceServer, N>;

function endpointRpcs(given: CoreGiven): Rpcs<"create" | "list" | "rotate" | "pause" | "resume" | "remove"> {
  return {
    create: unary(given, changingAdmin, (request, call) => create(given, request, call)),
    list: unary(given, anyAdmin, async ({ tenantId }, call) => {
      const tenant = await tenantOf(given, adminOf(call.caller), tenantId);
      if (isRefusal(tenant)) return tenant;
      const webhooks = await webhooksOf(given, tenant.tenantId);
      return { webhooks: await Promise.all(webhooks.map((webhook) => tellWebhook(given, webhook))) };
    }),
    rotate: unary(given, changingAdmin, async (request, call) =>
      named(given, request, call, async (which) => {
        const { fromGeneration } = request;
        if (fromGeneration === 0) return badInput("from_generation", "must be the generation that is to be replaced");
        return withSecret(given, await rotateWebhook(given, which, fromGeneration));
      }),
    ),
    pause: unary(given, stoppingAdmin, (request, call) =>
      named(given, request, call, async (which) => told(given, await setPaused(given, which, true))),
    ),
    resume: unary(given, changingAdmin, (request, call) =>
      named(given, request, call, async (which) => told(given, await setPaused(given, which, false))),
    ),
    remove: unary(given, changingAdmin, (request, call) =>
      named(given, request, call, async (which) => (await removeWebhook(given, which)) ?? {}),
    ),
  };
}

function messageRpcs(given: CoreGiven): Rpcs<"listDeliveries" | "replay"> {
  return {
    listDeliveries: unary(given, anyAdmin, (request, call) =>
      named(given, request, call, (which) => tellDeliveries(given, which, request)),
    ),
    replay: unary(given, stoppingAdmin, (request, call) =>
      named(given, request, call, (which) => replay(given, which, request)),
    ),
  };
}

function testRpcs(given: CoreGiven): Rpcs<"sendTest" | "trigger" | "listen"> {
  return {
    sendTest: unary(given, stoppingAdmin, (request, call) =>
      named(given, request, call, async (which) => idOf(await sendTest(given, which, request.type))),
    ),
    trigger: unary(given, changingAdmin, async ({ tenantId, type }, { caller }) => {
      const tenant = await relyingPartyOf(given, adminOf(caller), tenantId);
      if (isRefusal(tenant)) return tenant;
      if (!given.development) return developmentOnly;
      return idOf(await trigger(given, tenant.tenantId, actorOf(caller), type));
    }),
    listen: serverStream(given, changingAdmin, async ({ tenantId, events, cursor }, { caller, signal }, send) => {
      const tenant = await relyingPartyOf(given, adminOf(caller), tenantId);
      if (isRefusal(tenant)) return tenant;
      if (!given.development) return developmentOnly;
      const bad = badEvents(events);
      if (bad !== undefined) return bad;
      return listen(given, adminOf(caller), { tenantId: tenant.tenantId, events, cursor }, { signal, send });
    }),
  };
}

const developmentOnly = refuse(
  "NOT_ALLOWED",
  "This core is no development core. Start one with --development, or add an endpoint and send it a test.",
);

async function create(given: CoreGiven, request: WebhookServiceCreateRequest, { caller }: Call) {
  const tenant = await relyingPartyOf(given, adminOf(caller), request.tenantId);
  if (isRefusal(tenant)) return tenant;
  const { requestId } = request;
  const bad = checkRequestId(requestId);
  if (bad !== undefined) return bad;
  const wanted = readWebhook(request, allowedOf(given));
  if (isRefusal(wanted)) return wanted;
  const bodyHash = bodyHashOf("webhook.create", WebhookServiceCreateRequest.encode(request).finish());
  const use = { tenantId: tenant.tenantId, by: actorOf(caller), rpc: "webhook.create", requestId, bodyHash };
  return withSecret(given, await createWebhook(given, use, wanted));
}

interface Named {
  readonly tenantId: string;
  readonly endpointId: string;
}

async function named<T>(
  given: CoreGiven,
  { tenantId: asked, endpointId }: Named,
  { caller }: Call,
  work: (which: NamedWebhook) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  const tenant = await tenantOf(given, adminOf(caller), asked);
  if (isRefusal(tenant)) return tenant;
  return work({ tenantId: tenant.tenantId, endpointId, actor: actorOf(caller) });
}

async function told(given: CoreGiven, webhook: Webhook | Refusal) {
  return isRefusal(webhook) ? webhook : { webhook: await tellWebhook(given, webhook) };
}

async function withSecret(given: CoreGiven, webhook: Webhook | Refusal) {
  if (isRefusal(webhook)) return webhook;
  const secret = secretOf(given.secrets, webhook.endpointId, webhook.generation);
  return { webhook: await tellWebhook(given, webhook), secret };
}

function idOf(webhookId: string | Refusal) {
  return isRefusal(webhookId) ? webhookId : { webhookId };
}

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 100;

async function tellDeliveries(
  given: CoreGiven,
  { tenantId, endpointId }: NamedWebhook,
  { state, pageSize }: WebhookServiceListDeliveriesRequest,
): Promise<WebhookServiceListDeliveriesResponse | Refusal> {
  if (pageSize > LARGEST_PAGE) return badInput("page_size", `must be at most ${LARGEST_PAGE}`);
  const held = await webhookOf(given, tenantId, endpointId);
  if (held === undefined) return unknownWebhook;
  const all = Object.keys(DELIVERY_STATE) as WebhookDelivery["state"][];
  const states = all.filter((one) => state === WebhookDeliveryState.UNSPECIFIED || DELIVERY_STATE[one] === state);
  if (states.length === 0) return badInput("state", "there is no such state");
  const limit = pageSize === 0 ? DEFAULT_PAGE : pageSize;
  const lists = await Promise.all(states.map((one) => listDeliveries(given, held.body, { state: one, limit })));
  return { deliveries: lists.flatMap((list) => list.slice(0, limit)).map(({ body }) => deliveryMessage(body)) };
}

async function replay(given: CoreGiven, which: NamedWebhook, { what, cursor }: WebhookServiceReplayRequest) {
  const replayed = await replayWhat(given, which, what, cursor);
  return isRefusal(replayed) ? replayed : { queued: replayed.queued, nextCursor: replayed.nextCursor };
}

async function replayWhat(
  given: CoreGiven,
  which: NamedWebhook,
  what: WebhookServiceReplayRequest["what"],
  cursor: string,
): Promise<Replayed | Refusal> {
  if ((await webhookOf(given, which.tenantId, which.endpointId)) === undefined) return unknownWebhook;
  if (what === undefined) return badInput("what", "give webhook_id or since");
  if (what.$case === "webhookId") return replayOne(given, which, what.value);
  const since = readMoment(what.value, "since");
  if (since === undefined || isRefusal(since)) return since ?? badInput("since", "give a moment");
  return replaySince(given, which, { since, cursor });
}
