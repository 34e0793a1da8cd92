// What a core does for one endpoint: queues what has happened, posts what is due, writes down what became of it.
//
// queued (with the cursors, in one commit) → posted → settled (in another). Whoever dies in between is followed by one who
// posts again, under the same webhook-id: at least once. docs/protocol/webhook.md section 5.
import type { CoreGiven } from "../given.ts";
import type { OutboundSeams } from "../outbound/post.ts";
import { WEBHOOK_SHARD, type HexId, type Shard, type UnixMs } from "../store/entity.ts";
import type { AnyWrite, AuditDraft, LoadedEntity } from "../store/store.ts";
import { commitOnce } from "../transaction/commit.ts";
import { listDeliveries } from "./find.ts";
import { Reading, type News } from "./news.ts";
import { tryPost, type Tried } from "./post.ts";
import { afterTry, auditOfTry, auditOfWebhook } from "./settle.ts";
import {
  deliveryIndex,
  progressKey,
  webhookDeliveryKey,
  webhookKey,
  type Webhook,
  type WebhookDelivery,
  type WebhookProgress,
} from "./webhook.ts";

/** What all workers of a core share. */
export interface WorkerGiven {
  readonly given: CoreGiven;
  readonly seams: OutboundSeams;
  /** This core, as others know who works on an endpoint. */
  readonly holder: string;
  /** A number from 0 to 1. */
  readonly draw: () => number;
  readonly signal: AbortSignal;
}

/** Where several cores work, one of them posts for an endpoint; the others may take over once it was silent so long. */
export const LEASE_MS = 60_000;
/** Longer than a batch of posts takes. */
const RENEW_MS = 20_000;
const BATCH = 16;
const CONFLICTS = 50;
/** Entries that a restart may have to read again. */
const MOST_UNSAVED = 5000;
const KEPT_MS = { DELIVERED: 3 * 86_400_000, DEAD: 30 * 86_400_000 } as const;
const TRIMMED_AT_ONCE = 20;

interface Held {
  readonly webhook: Webhook;
  readonly progress: LoadedEntity<"webhook-progress">;
  readonly epoch: number;
  readonly now: UnixMs;
}

type Waiting = LoadedEntity<"webhook-delivery"> & { readonly body: WebhookDelivery };

/** How a look ended: the endpoint is gone, or there is nothing to do before that moment (undefined: before news). */
export type Looked = { readonly gone: true } | { readonly gone: false; readonly due: UnixMs | undefined };

export class EndpointWorker {
  readonly #of: WorkerGiven;
  readonly #endpointId: HexId;
  readonly #reading: Reading;

  constructor(of: WorkerGiven, endpointId: HexId) {
    this.#of = of;
    this.#endpointId = endpointId;
    this.#reading = new Reading(of.given);
  }

  /** Something was written in that chain. */
  mark(shard: Shard): void {
    this.#reading.mark(shard);
  }

  /** A hint of another core may have been lost. */
  markAll(): void {
    this.#reading.markAll();
  }

  /** Does all there is to do now. Never two at a time. */
  async look(): Promise<Looked> {
    for (let conflicts = 0; conflicts < CONFLICTS && !this.#of.signal.aborted;) {
      const held = await this.#load();
      if (held === undefined) return { gone: true };
      if (held.webhook.paused) return { gone: false, due: undefined };
      const other = this.#isOthers(held);
      if (other !== undefined) return { gone: false, due: other };
      const waiting = await listDeliveries(this.#of.given, held.webhook, { state: "PENDING", limit: BATCH });
      const due = waiting.slice(0, BATCH).filter(({ body }) => body.at <= held.now);
      if (!(await this.#queue(held, due.length > 0))) {
        conflicts += 1;
        continue;
      }
      if (due.length > 0) await this.#post(held.webhook, due);
      else if (!this.#isMore) return { gone: false, due: waiting[0]?.body.at };
    }
    return { gone: false, due: this.#of.given.store.now() + 1000 };
  }

  /** Stores how far it read, so that the next one need not read it again, and lets go. */
  async release(): Promise<void> {
    const held = await this.#load();
    if (held?.progress.body === undefined || this.#isOthers(held) !== undefined) return;
    if (held.progress.body.holder === "" && this.#reading.unsaved === 0) return;
    await this.#save(held, { events: [], cursors: new Map(), left: new Set(), looked: 0 }, "");
  }

  /** The last reading found something, or stopped before the end. */
  #isMore = false;

  async #load(): Promise<Held | undefined> {
    const { store } = this.#of.given;
    const keys = [webhookKey(this.#endpointId), progressKey(this.#endpointId)] as const;
    const { entities, epoch, now } = await store.load(WEBHOOK_SHARD, ...keys);
    const [{ body: webhook }, progress] = entities;
    if (webhook === undefined) return undefined;
    if (progress.body !== undefined) this.#reading.adopt(progress.body);
    return { webhook, progress, epoch, now };
  }

  /** Until when another core is at work; undefined: none is. */
  #isOthers({ progress: { body }, now }: Held): UnixMs | undefined {
    if (body === undefined || this.#of.given.soleCore !== false) return undefined;
    return body.holder !== "" && body.holder !== this.#of.holder && body.until > now ? body.until : undefined;
  }

  /** Reads the chains and stores what is to be told; where several cores work, takes the endpoint. false: another was first. */
  async #queue(held: Held, isDue: boolean): Promise<boolean> {
    const news = await this.#reading.read(held.webhook, this.#of.signal);
    this.#isMore = news.events.length > 0 || news.left.size > 0;
    const mine = held.progress.body?.holder === this.#of.holder ? held.progress.body.until : 0;
    const needsLease = isDue && this.#of.given.soleCore === false && mine - held.now < RENEW_MS;
    if (news.events.length === 0 && !needsLease && this.#reading.unsaved + news.looked < MOST_UNSAVED) {
      this.#reading.take(news, false);
      return true;
    }
    let isSaved = false;
    try {
      isSaved = await this.#save(held, news, this.#of.holder);
    } finally {
      if (isSaved) this.#reading.take(news, true);
      else this.#reading.drop(news);
    }
    return isSaved;
  }

  async #save({ webhook, progress, epoch, now }: Held, news: News, holder: string): Promise<boolean> {
    const body: WebhookProgress = { cursors: this.#reading.cursorsWith(news), holder, until: now + LEASE_MS };
    const { endpointId, tenantId } = webhook;
    const deliveries = await this.#fresh(news, { endpointId, tenantId, queuedAt: now });
    const outcome = await commitOnce(this.#of.given, WEBHOOK_SHARD, {
      epoch,
      writes: [{ key: progress.key, expected: progress.version, body }, ...deliveries],
      audit: [auditOfWebhook("webhook.queued", webhook, "core", { count: deliveries.length })],
    });
    return outcome === "committed";
  }

  /** Replay may have queued some of them before. */
  async #fresh(
    { events }: News,
    of: Pick<WebhookDelivery, "endpointId" | "tenantId" | "queuedAt">,
  ): Promise<AnyWrite[]> {
    const bodies = events.map((event): WebhookDelivery => {
      const untried = { state: "PENDING", attempts: 0, at: of.queuedAt, lastResult: "", lastStatus: 0 } as const;
      return { ...of, ...untried, event };
    });
    if (bodies.length === 0) return [];
    const keys = bodies.map(({ event }) => webhookDeliveryKey(of.endpointId, event.id));
    const { entities } = await this.#of.given.store.load(WEBHOOK_SHARD, ...keys);
    return bodies.flatMap((body, i): AnyWrite[] => {
      const { key, version: expected } = entities[i]!;
      return expected === "" ? [{ key, expected, body, index: deliveryIndex(body) }] : [];
    });
  }

  async #post(webhook: Webhook, due: readonly Waiting[]): Promise<void> {
    const { given, seams, signal } = this.#of;
    const tries = await Promise.all(
      due.map(async ({ key, version, body }) => ({
        ...{ key, version, body },
        tried: await tryPost(given, webhook, body, { seams, signal }),
      })),
    );
    await this.#settle(
      webhook,
      tries.flatMap((one) => (one.tried === undefined ? [] : [{ ...one, tried: one.tried }])),
    );
  }

  /** Those that somebody changed meanwhile are left as they are. */
  async #settle(webhook: Webhook, tries: readonly (Waiting & { readonly tried: Tried })[]): Promise<void> {
    const { given, holder, draw } = this.#of;
    for (let conflicts = 0; conflicts < CONFLICTS && tries.length > 0; conflicts += 1) {
      const keys = [progressKey(this.#endpointId), ...tries.map(({ key }) => key)] as const;
      const { entities, epoch, now } = await given.store.load(WEBHOOK_SHARD, ...keys);
      const [progress, ...stored] = entities as readonly [LoadedEntity<"webhook-progress">, ...Waiting[]];
      if (given.soleCore === false && progress.body?.holder !== holder) return; // it was taken over: told again there
      const settled = tries.flatMap(({ version, body, tried }, i) => {
        const held = stored[i];
        return held?.version === version ? [{ held, after: afterTry(body, tried, now, draw()) }] : [];
      });
      const [first, ...others] = settled.map(({ after }) => auditOfTry(after));
      if (first === undefined) return;
      const writes = settled.map(({ held, after }): AnyWrite => ({
        ...{ key: held.key, expected: held.version, body: after },
        index: deliveryIndex(after),
      }));
      const outcome = await commitOnce(given, WEBHOOK_SHARD, {
        ...{ epoch, reads: given.soleCore === false ? [{ key: progress.key, expected: progress.version }] : [] },
        writes: [...writes, ...(await this.#outdated(webhook, now))],
        audit: [first, ...others] satisfies [AuditDraft, ...AuditDraft[]],
      });
      if (outcome === "committed") return;
    }
  }

  /** What is not kept any more goes with the next commit. */
  async #outdated(webhook: Webhook, now: UnixMs): Promise<AnyWrite[]> {
    const writes: AnyWrite[] = [];
    for (const state of ["DELIVERED", "DEAD"] as const) {
      const page = { state, before: now - KEPT_MS[state], limit: TRIMMED_AT_ONCE };
      const old = await listDeliveries(this.#of.given, webhook, page);
      for (const { key, version: expected } of old.slice(0, TRIMMED_AT_ONCE))
        writes.push({ key, expected, body: undefined });
    }
    return writes;
  }
}
