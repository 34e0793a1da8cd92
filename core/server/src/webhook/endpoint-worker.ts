// What a core does for one endpoint: queues what has happened, posts what is due, writes down what became of it.
//
// queued (with the cursors, in one commit) → posted → settled (in another). Whoever dies in between is followed by one who
// posts again, under the same webhook-id: at least once. While posts are on their way the rest goes on: one that takes long
// keeps no other waiting. docs/protocol/webhook.md section 5.
import type { CoreGiven } from "../given.ts";
import type { OutboundSeams } from "../outbound/post.ts";
import { WEBHOOK_SHARD, type HexId, type Shard, type UnixMs } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import { commitOnce } from "../transaction/commit.ts";
import { listDeliveries } from "./find.ts";
import { Reading, type News } from "./news.ts";
import { tryPost, type Tried } from "./post.ts";
import { PostLine, type Waiting } from "./post-line.ts";
import { LONGEST_PAUSE_MS } from "./retry.ts";
import { auditOfWebhook } from "./settle.ts";
import { settleTries } from "./settle-tries.ts";
import { isStill } from "./still.ts";
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
/** What every post has of the lease when it begins: twice as long as it may take. */
export const RENEW_MS = 30_000;
const CONFLICTS = 50;
/** Entries that a restart may have to read again. */
const MOST_UNSAVED = 5000;

interface Held {
  readonly webhook: Webhook;
  readonly webhookVersion: string;
  readonly progress: LoadedEntity<"webhook-progress">;
  readonly epoch: number;
  readonly now: UnixMs;
}

/** How a look ended: the endpoint is gone, or there is nothing to do before that moment (undefined: before news). */
export type Looked = { readonly gone: true } | { readonly gone: false; readonly due: UnixMs | undefined };

export class EndpointWorker {
  readonly #of: WorkerGiven;
  readonly #endpointId: HexId;
  readonly #reading: Reading;
  readonly #line = new PostLine();

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

  /** A look that waits for its posts is to see what else there is. */
  wake(): void {
    this.#line.wake();
  }

  /** Does all there is to do now, and ends when none of its posts is on its way. Never two at a time. */
  async look(): Promise<Looked> {
    const { store } = this.#of.given;
    for (let conflicts = 0; conflicts < CONFLICTS && !this.#of.signal.aborted;) {
      const round = await this.#round();
      if (round === "conflict") conflicts += 1;
      else if (round !== "more" && this.#line.isEmpty) return round;
      else if (round !== "more") await this.#line.change(waitFor(round, store.now()));
    }
    while (this.#of.signal.aborted && this.#line.isFlying) await this.#line.change(undefined);
    await this.#settle();
    return { gone: false, due: store.now() + 1000 };
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
    const [{ body: webhook, version: webhookVersion }, progress] = entities;
    if (webhook === undefined) return undefined;
    if (progress.body !== undefined) this.#reading.adopt(progress.body);
    return { webhook, webhookVersion, progress, epoch, now };
  }

  /** Looks once; "more": there is something else to do now. */
  async #round(): Promise<"more" | "conflict" | Looked> {
    await this.#settle();
    const held = await this.#load();
    if (held === undefined) return { gone: true };
    if (held.webhook.paused) return { gone: false, due: undefined };
    const other = this.#isOthers(held);
    if (other !== undefined) return { gone: false, due: other };
    const { quietUntil = 0 } = held.progress.body ?? {};
    const isQuiet = isStill(quietUntil, held.now, LONGEST_PAUSE_MS);
    const waiting = isQuiet ? [] : await this.#waiting(held.webhook);
    const due = waiting.filter(({ body }) => !isStill(body.at, held.now, LONGEST_PAUSE_MS)).slice(0, this.#line.room);
    if (!(await this.#queue(held, due.length > 0))) return "conflict";
    for (const one of due) this.#line.launch(one, held.webhookVersion, this.#post(held.webhook, one));
    if (due.length > 0 || this.#isMore) return "more";
    return { gone: false, due: isQuiet ? quietUntil : waiting[0]?.body.at };
  }

  async #settle(): Promise<void> {
    const { landed } = this.#line;
    if (landed.length > 0) await settleTries(this.#of, this.#endpointId, landed);
    this.#line.forget(landed);
  }

  /** What is not on its way, in the order of its next try; nothing where there is no room. */
  async #waiting(webhook: Webhook): Promise<Waiting[]> {
    const limit = this.#line.room + this.#line.count;
    const listed =
      this.#line.room === 0 ? [] : await listDeliveries(this.#of.given, webhook, { state: "PENDING", limit });
    return listed.filter((one) => !this.#line.has(one));
  }

  #post(webhook: Webhook, { body }: Waiting): Promise<Tried | undefined> {
    const { given, seams, signal } = this.#of;
    return tryPost(given, webhook, body, { seams, signal });
  }

  /** Until when another core is at work; undefined: none is. */
  #isOthers({ progress: { body }, now }: Held): UnixMs | undefined {
    if (body === undefined || this.#of.given.soleCore !== false) return undefined;
    const isLeased = body.holder !== "" && body.holder !== this.#of.holder && isStill(body.until, now, LEASE_MS);
    return isLeased ? body.until : undefined;
  }

  /** Whether this core holds it for long enough to begin a post. */
  #isLeased({ progress: { body }, now }: Held): boolean {
    if (body?.holder !== this.#of.holder) return false;
    return isStill(body.until, now, LEASE_MS) && body.until - now >= RENEW_MS;
  }

  /** Reads the chains and stores what is to be told; where several cores work, takes the endpoint. false: another was first. */
  async #queue(held: Held, isDue: boolean): Promise<boolean> {
    const news = await this.#reading.read(held.webhook, this.#of.signal);
    this.#isMore = news.events.length > 0 || news.left.size > 0;
    const needsLease = isDue && this.#of.given.soleCore === false && !this.#isLeased(held);
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

  /** Of an endpoint that was removed meanwhile nothing is stored again. */
  async #save(held: Held, news: News, holder: string): Promise<boolean> {
    const { webhook, webhookVersion, progress, epoch, now } = held;
    const place = { cursors: this.#reading.cursorsWith(news), holder, until: now + LEASE_MS };
    const body: WebhookProgress = { ...progress.body, ...place };
    const { endpointId, tenantId } = webhook;
    const deliveries = await this.#fresh(news, { endpointId, tenantId, queuedAt: now });
    const outcome = await commitOnce(this.#of.given, WEBHOOK_SHARD, {
      ...{ epoch, reads: [{ key: webhookKey(endpointId), expected: webhookVersion }] },
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
}

/** How long a look that has posts on their way may leave everything else alone. */
function waitFor(looked: Looked, now: UnixMs): number | undefined {
  return looked.gone || looked.due === undefined ? undefined : Math.max(looked.due - now, 0) + 1;
}
