// Writes down what became of posts: of the messages, and of the endpoint where its receiver had a wish.
import type { UnixMs } from "../store/entity.ts";
import { WEBHOOK_SHARD } from "../store/entity.ts";
import type { AnyWrite, AuditDraft, LoadedEntity, Read } from "../store/store.ts";
import { commitOnce } from "../transaction/commit.ts";
import type { WorkerGiven } from "./endpoint-worker.ts";
import { listDeliveries } from "./find.ts";
import type { Landed, Waiting } from "./post-line.ts";
import { afterTry, auditOfTry, auditOfWebhook, isGone, quietAfter } from "./settle.ts";
import { deliveryIndex, progressKey, webhookIndex, webhookKey, type Webhook } from "./webhook.ts";

const CONFLICTS = 50;
const KEPT_MS = { DELIVERED: 3 * 86_400_000, DEAD: 30 * 86_400_000 } as const;
const TRIMMED_AT_ONCE = 20;

/** Those that somebody changed meanwhile are left as they are; so are all of an endpoint that is gone or another core's. */
export async function settleTries(of: WorkerGiven, endpointId: string, landed: readonly Landed[]): Promise<void> {
  const { given, holder, draw } = of;
  for (let conflicts = 0; conflicts < CONFLICTS; conflicts += 1) {
    const keys = [webhookKey(endpointId), progressKey(endpointId), ...landed.map(({ key }) => key)] as const;
    const { entities, epoch, now } = await given.store.load(WEBHOOK_SHARD, ...keys);
    const [webhook, progress, ...stored] = entities;
    if (webhook.body === undefined) return;
    if (given.soleCore === false && progress.body?.holder !== holder) return; // it was taken over: told again there
    const heard = landed.filter(({ version }, i) => stored[i]?.version === version);
    const settled = heard.map((one) => ({ before: one, after: afterTry(one.body, one.tried, now, draw()) }));
    const [first, ...others] = settled.map(({ after }) => auditOfTry(after));
    if (first === undefined) return;
    const messages = settled.map(({ before: { key, version: expected }, after }): AnyWrite => {
      return { key, expected, body: after, index: deliveryIndex(after) };
    });
    const wished = wishes({ webhook, progress }, heard, now);
    const outcome = await commitOnce(given, WEBHOOK_SHARD, {
      ...{ epoch, reads: wished.reads },
      writes: [...messages, ...wished.writes, ...(await outdated(of, webhook.body, now))],
      audit: [first, ...others, ...wished.audit] satisfies [AuditDraft, ...AuditDraft[]],
    });
    if (outcome === "committed") return;
  }
}

interface Wishes {
  readonly writes: readonly AnyWrite[];
  readonly reads: readonly Read[];
  readonly audit: readonly AuditDraft[];
}

/** What answers ask for the endpoint as a whole. What they leave as it is must stand at the commit as it was loaded. */
function wishes(
  {
    webhook,
    progress,
  }: { readonly webhook: LoadedEntity<"webhook">; readonly progress: LoadedEntity<"webhook-progress"> },
  heard: readonly Landed[],
  now: UnixMs,
): Wishes {
  const writes: AnyWrite[] = [];
  const reads: Read[] = [];
  const audit: AuditDraft[] = [];
  const { body } = webhook;
  if (body !== undefined && heard.some((one) => isGone(one.tried) && one.webhookVersion === webhook.version)) {
    const after: Webhook = { ...body, paused: true, goneAt: now };
    writes.push({ key: webhook.key, expected: webhook.version, body: after, index: webhookIndex(after) });
    audit.push(auditOfWebhook("webhook.gone", body, "core", { status: 410 }));
  } else reads.push({ key: webhook.key, expected: webhook.version });
  const quietUntil = quietAfter(
    heard.map(({ tried }) => tried),
    progress.body?.quietUntil,
  );
  if (quietUntil !== progress.body?.quietUntil) {
    const unread = { cursors: [], holder: "", until: 0 }; // all that it was told was replayed
    const after = { ...(progress.body ?? unread), quietUntil };
    writes.push({ key: progress.key, expected: progress.version, body: after });
  } else reads.push({ key: progress.key, expected: progress.version });
  return { writes, reads, audit };
}

/** What is not kept any more goes with the next commit. */
async function outdated({ given }: WorkerGiven, webhook: Webhook, now: UnixMs): Promise<AnyWrite[]> {
  const writes: AnyWrite[] = [];
  for (const state of ["DELIVERED", "DEAD"] as const) {
    const page = { state, before: now - KEPT_MS[state], limit: TRIMMED_AT_ONCE };
    const old: readonly Waiting[] = await listDeliveries(given, webhook, page);
    for (const { key, version: expected } of old.slice(0, TRIMMED_AT_ONCE))
      writes.push({ key, expected, body: undefined });
  }
  return writes;
}
