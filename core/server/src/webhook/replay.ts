// Telling an endpoint again: the chains still hold everything that happened, so nothing had to be kept for it.
import { setImmediate as nextTurn } from "node:timers/promises";
import { firstSince } from "../admin/tail-audit.ts";
import type { CoreGiven } from "../given.ts";
import { badInput, refuse, type Refusal } from "../rpc/refusal.ts";
import { SHARDS, WEBHOOK_SHARD, type Shard, type UnixMs } from "../store/entity.ts";
import type { AnyWrite } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { unknownWebhook, type NamedWebhook } from "./change-webhook.ts";
import { eventsOfEntry, isWanted, placeOf, type WebhookEvent } from "./event.ts";
import { webhookOf } from "./find.ts";
import { auditOfWebhook } from "./settle.ts";
import { deliveryIndex, webhookDeliveryKey, webhookKey, type Webhook, type WebhookDelivery } from "./webhook.ts";

/** What one call queues, and looks at. */
export const MOST_REPLAYED = 100;
const MOST_ENTRIES = 5000;
const PAGE = 100;
const SHARDS_A_TURN = 64;

export interface Replayed {
  readonly queued: number;
  readonly nextCursor: string;
}

export async function replayOne(given: CoreGiven, named: NamedWebhook, webhookId: string): Promise<Replayed | Refusal> {
  const held = await webhookOf(given, named.tenantId, named.endpointId);
  if (held === undefined) return unknownWebhook;
  const event = await eventOf(given, held.body, webhookId);
  if (event === undefined) return unknownEvent;
  return queueAgain(given, held.body, named.actor, [event], "");
}

const unknownEvent = refuse(
  "NOT_FOUND",
  "webhook_id: there is no such message of this endpoint. ListDeliveries names them.",
);

/** Of a message that is kept, else out of its place in the chains. */
async function eventOf({ store }: CoreGiven, webhook: Webhook, webhookId: string): Promise<WebhookEvent | undefined> {
  if (!/^evt_[0-9a-z_]{1,60}$/.test(webhookId)) return undefined;
  const { entities } = await store.load(WEBHOOK_SHARD, webhookDeliveryKey(webhook.endpointId, webhookId));
  if (entities[0].body !== undefined) return entities[0].body.event;
  const place = placeOf(webhookId);
  if (place === undefined) return undefined;
  const found = (await store.audit(place.shard, Math.max(place.seq, 1), 1)).flatMap(eventsOfEntry);
  return found.find(
    (event) => event.id === webhookId && event.tenantId === webhook.tenantId && event.only === undefined,
  );
}

/** Everything since a moment; `cursor`: where the last call ended. */
export async function replaySince(
  given: CoreGiven,
  named: NamedWebhook,
  { since, cursor }: { readonly since: UnixMs; readonly cursor: string },
): Promise<Replayed | Refusal> {
  const held = await webhookOf(given, named.tenantId, named.endpointId);
  if (held === undefined) return unknownWebhook;
  const start = readCursor(cursor);
  if (start === undefined) return badInput("cursor", "not a cursor of Replay");
  const events: WebhookEvent[] = [];
  let looked = 0;
  let end = "";
  for (let { shard, seq } = start; shard < SHARDS && end === ""; shard += 1, seq = 0) {
    const read = await wantedIn(given, held.body, { shard, seq, since, room: MOST_REPLAYED - events.length });
    events.push(...read.events);
    looked += read.looked;
    if (read.next !== undefined) end = writeCursor({ shard, seq: read.next });
    else if (events.length >= MOST_REPLAYED || looked >= MOST_ENTRIES) end = writeCursor({ shard: shard + 1, seq: 0 });
    if (shard % SHARDS_A_TURN === 0) await nextTurn();
  }
  return queueAgain(given, held.body, named.actor, events, end);
}

interface Read {
  readonly events: readonly WebhookEvent[];
  readonly looked: number;
  /** undefined: the chain was read to its end. */
  readonly next: number | undefined;
}

async function wantedIn(
  { store }: CoreGiven,
  webhook: Webhook,
  at: { readonly shard: Shard; readonly seq: number; readonly since: UnixMs; readonly room: number },
): Promise<Read> {
  const events: WebhookEvent[] = [];
  let seq = at.seq === 0 ? await firstSince(store, at.shard, at.since) : at.seq;
  for (let looked = 0; ;) {
    const entries = await store.audit(at.shard, seq, PAGE);
    for (const entry of entries) {
      events.push(...eventsOfEntry(entry).filter((event) => event.at >= at.since && isWanted(webhook, event)));
      seq = entry.seq + 1;
      looked += 1;
      if (events.length >= at.room || looked >= MOST_ENTRIES) return { events, looked, next: seq };
    }
    if (entries.length < PAGE) return { events, looked, next: undefined };
  }
}

function queueAgain(
  given: CoreGiven,
  webhook: Webhook,
  actor: string,
  events: readonly WebhookEvent[],
  nextCursor: string,
): Promise<Replayed | Refusal> {
  return untilSettled(async (): Promise<Replayed | Refusal | undefined> => {
    if (events.length === 0) return { queued: 0, nextCursor };
    const keys = events.map(({ id }) => webhookDeliveryKey(webhook.endpointId, id));
    const held = await given.store.load(WEBHOOK_SHARD, webhookKey(webhook.endpointId), ...keys);
    const { epoch, now } = held;
    const [endpoint, ...messages] = held.entities;
    if (endpoint.body === undefined) return unknownWebhook;
    const writes = messages.map(({ key, version: expected, body: before }, i): AnyWrite => {
      const body = again(webhook, events[i]!, before, now);
      return { key, expected, body, index: deliveryIndex(body) };
    });
    const outcome = await commitOnce(given, WEBHOOK_SHARD, {
      ...{ epoch, writes, reads: [{ key: endpoint.key, expected: endpoint.version }] },
      audit: [auditOfWebhook("webhook.replayed", webhook, actor, { count: events.length })],
    });
    return outcome === "committed" ? { queued: events.length, nextCursor } : undefined;
  });
}

/** What waits is tried now and keeps its end; what was told or given up has a whole day again. */
function again(
  { endpointId, tenantId }: Webhook,
  event: WebhookEvent,
  before: WebhookDelivery | undefined,
  now: UnixMs,
): WebhookDelivery {
  if (before?.state === "PENDING") return { ...before, at: now };
  const untried = { state: "PENDING", attempts: 0, queuedAt: now, at: now, lastResult: "", lastStatus: 0 } as const;
  return { endpointId, tenantId, event, ...untried };
}

interface Place {
  readonly shard: Shard;
  /** 0: from the moment on. */
  readonly seq: number;
}

const writeCursor = ({ shard, seq }: Place): string => Buffer.from(`w1.${shard}.${seq}`).toString("base64url");

function readCursor(cursor: string): Place | undefined {
  if (cursor === "") return { shard: 0, seq: 0 };
  const [, shard, seq] = /^w1\.(\d{1,4})\.(\d{1,15})$/.exec(Buffer.from(cursor, "base64url").toString("latin1")) ?? [];
  return shard === undefined ? undefined : { shard: Number(shard), seq: Number(seq) };
}
