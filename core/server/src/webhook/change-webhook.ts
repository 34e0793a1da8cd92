// What administrators do to endpoints: each change is one commit, with its entry in the audit.
import { toHex } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { WEBHOOK_SHARD, type HexId, type UnixMs } from "../store/entity.ts";
import type { AnyWrite, AuditDraft } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { reserve, type RequestUse } from "../transaction/reserve.ts";
import { webhookOf, webhooksOf } from "./find.ts";
import type { NewWebhook } from "./read-webhook.ts";
import { OVERLAP_MS } from "./secret.ts";
import { auditOfWebhook } from "./settle.ts";
import {
  deliveriesOf,
  MOST_ENDPOINTS,
  progressKey,
  webhookIndex,
  webhookKey,
  webhooksMadeKey,
  type Webhook,
} from "./webhook.ts";

/** One answer for what does not exist and for what is another tenant's. */
export const unknownWebhook: Refusal = refuse("NOT_FOUND", "endpoint_id: there is no such endpoint. List names them.");

/** A repeated call finds what it made, and its secret as long as that is the first one. */
export async function createWebhook(given: CoreGiven, use: RequestUse, wanted: NewWebhook): Promise<Webhook | Refusal> {
  const reserved = await reserve(given, use, { endpointId: toHex(given.random.bytes(16)) });
  if (isRefusal(reserved)) return reserved;
  const endpointId = reserved.drawn["endpointId"];
  if (endpointId === undefined) throw new Error("the reservation of an endpoint has its id");
  const key = webhookKey(endpointId);
  return untilSettled(async (): Promise<Webhook | Refusal | undefined> => {
    const { entities, epoch, now } = await given.store.load(WEBHOOK_SHARD, key, webhooksMadeKey(use.tenantId));
    const [{ body: known }, count] = entities;
    if (known !== undefined) return known.generation === 1 ? known : rotatedSince;
    // Counted after the load: whoever makes one since then writes `count` too, and this commit is in conflict.
    if ((await webhooksOf(given, use.tenantId)).length >= MOST_ENDPOINTS) return tooMany;
    const { tenantId, bodyHash } = use;
    const start = { generation: 1, previousUntil: undefined, paused: false, createdAt: now };
    const body: Webhook = { endpointId, tenantId, bodyHash, ...start, ...wanted };
    const detail = { origin: new URL(body.url).origin, events: body.events.join() }; // a path may hold what its owner calls a secret
    const outcome = await commitOnce(given, WEBHOOK_SHARD, {
      epoch,
      writes: [
        { key, expected: "", body, index: webhookIndex(body) },
        { key: count.key, expected: count.version, body: { made: (count.body?.made ?? 0) + 1 } },
      ],
      audit: [auditOfWebhook("webhook.created", body, use.by, detail)],
    });
    return outcome === "committed" ? body : undefined;
  });
}

const rotatedSince = refuse(
  "STATE_CONFLICT",
  "request_id: the endpoint that it made has another secret by now, and a secret is told once. Rotate it, or draw a new request_id.",
);
const tooMany = refuse(
  "STATE_CONFLICT",
  `A tenant has at most ${MOST_ENDPOINTS} endpoints. Remove one that is not needed any more.`,
);

/** An endpoint as somebody names it. */
export interface NamedWebhook {
  readonly tenantId: HexId;
  readonly endpointId: string;
  /** For the audit. */
  readonly actor: string;
}

interface Changed {
  readonly body: Webhook;
  readonly event: string;
  readonly detail?: AuditDraft["detail"];
}

/** `change` is pure; "same": it stands so already. */
async function changeWebhook(
  given: CoreGiven,
  { tenantId, endpointId, actor }: NamedWebhook,
  change: (before: Webhook, now: UnixMs) => Changed | Refusal | "same",
): Promise<Webhook | Refusal> {
  return untilSettled(async (): Promise<Webhook | Refusal | undefined> => {
    const held = await webhookOf(given, tenantId, endpointId);
    if (held === undefined) return unknownWebhook;
    const { key, version: expected, body: before, epoch, now } = held;
    const changed = change(before, now);
    if (changed === "same") return before;
    if (isRefusal(changed)) return changed;
    const { body, event, detail } = changed;
    const outcome = await commitOnce(given, WEBHOOK_SHARD, {
      epoch,
      writes: [{ key, expected, body, index: webhookIndex(body) }],
      audit: [auditOfWebhook(event, body, actor, detail)],
    });
    return outcome === "committed" ? body : undefined;
  });
}

export function setPaused(given: CoreGiven, named: NamedWebhook, paused: boolean): Promise<Webhook | Refusal> {
  return changeWebhook(given, named, (before) => {
    if (before.paused === paused) return "same";
    const { goneAt: _gone, ...kept } = before; // who pauses or resumes it knows
    return { body: { ...kept, paused }, event: paused ? "webhook.paused" : "webhook.resumed" };
  });
}

/** The one before signs along for a day; one before that at once no more. */
export function rotateWebhook(
  given: CoreGiven,
  named: NamedWebhook,
  fromGeneration: number,
): Promise<Webhook | Refusal> {
  return changeWebhook(given, named, (before, now) => {
    if (before.generation === fromGeneration + 1) return "same"; // a repeated call
    if (before.generation !== fromGeneration) return otherGeneration(before);
    const body = { ...before, generation: fromGeneration + 1, previousUntil: now + OVERLAP_MS };
    return { body, event: "webhook.rotated", detail: { generation: body.generation } };
  });
}

function otherGeneration({ generation }: Webhook): Refusal {
  return refuse(
    "STATE_CONFLICT",
    `from_generation: its secret is of generation ${generation}. Give that one to replace it.`,
  );
}

const MOST_REMOVED = 200;

/** Itself and its place first; whatever waited goes after it, and nobody posts it. */
export async function removeWebhook(given: CoreGiven, named: NamedWebhook): Promise<undefined | Refusal> {
  const { tenantId, endpointId, actor } = named;
  const removed = await untilSettled(async (): Promise<"removed" | Refusal | undefined> => {
    const held = await webhookOf(given, tenantId, endpointId);
    if (held === undefined) return unknownWebhook;
    const { entities, epoch } = await given.store.load(WEBHOOK_SHARD, webhookKey(endpointId), progressKey(endpointId));
    const [{ key, version: expected }, progress] = entities;
    const place = { key: progress.key, expected: progress.version, body: undefined };
    const writes: AnyWrite[] = [{ key, expected, body: undefined }, ...(progress.body === undefined ? [] : [place])];
    const audit = [auditOfWebhook("webhook.removed", held.body, actor)] as const;
    const outcome = await commitOnce(given, WEBHOOK_SHARD, { epoch, writes, audit });
    return outcome === "committed" ? "removed" : undefined;
  });
  if (isRefusal(removed)) return removed;
  for (const state of ["PENDING", "DEAD", "DELIVERED"] as const)
    await forget(given, named, deliveriesOf(endpointId, state));
  return undefined;
}

async function forget(given: CoreGiven, { tenantId, endpointId }: NamedWebhook, owner: string): Promise<void> {
  for (;;) {
    const keys = await given.store.list(WEBHOOK_SHARD, "webhook-delivery", owner, { tenant: "", limit: MOST_REMOVED });
    if (keys.length === 0) return;
    const { entities, epoch } = await given.store.load(WEBHOOK_SHARD, ...keys.slice(0, MOST_REMOVED));
    const writes = entities.flatMap(({ key, version: expected }): AnyWrite[] =>
      expected === "" ? [] : [{ key, expected, body: undefined }],
    );
    const of = { tenantId, endpointId };
    const audit = [auditOfWebhook("webhook.forgotten", of, "core", { count: writes.length })] as const;
    await commitOnce(given, WEBHOOK_SHARD, { epoch, writes, audit });
  }
}
