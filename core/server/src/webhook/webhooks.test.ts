// Telling endpoints, on each store: what is told, when again, until when, and what a crash leaves.
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { Webhook as Verifier } from "standardwebhooks";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { openMemoryStore } from "../store/memory-store.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { StoreAround } from "../store/store-around.ts";
import { WEBHOOK_SHARD, type Shard, type UnixMs } from "../store/entity.ts";
import type { ChangeSet, CommitOutcome, Store } from "../store/store.ts";
import { drawHexId } from "../testing/core-world.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { removeWebhook, rotateWebhook, setPaused } from "./change-webhook.ts";
import { LEASE_MS } from "./endpoint-worker.ts";
import { listDeliveries, webhookOf, webhooksOf } from "./find.ts";
import { replayOne, replaySince } from "./replay.ts";
import { GIVE_UP_MS } from "./retry.ts";
import { OVERLAP_MS, secretOf } from "./secret.ts";
import { sendTest, trigger } from "./send-test.ts";
import type { Received } from "./testing/receiver.ts";
import { WebhookWorld } from "./testing/webhook-world.ts";
import { MOST_ENDPOINTS, progressKey, type Webhook } from "./webhook.ts";

const folder = tempFolder();
const STORES = {
  memory: async (clock: { now(): Date }) => openMemoryStore({ clock }),
  sqlite: async (clock: { now(): Date }) =>
    openSqliteStore({ folder: join(folder, drawHexId()), macKey: macKey(new Uint8Array(32)), clock }),
};

function idOf(told: string | Refusal): string {
  if (typeof told !== "string") throw new Error(told.message);
  return told;
}

/** As receivers check it, but for the time, which is the test's own. */
function isSigned({ headers, text }: Received, secret: string): boolean {
  const at = new Date(Number(headers["webhook-timestamp"]) * 1000);
  const expected = new Verifier(secret).sign(String(headers["webhook-id"]), at, text);
  return String(headers["webhook-signature"]).split(" ").includes(expected);
}

/** A core that dies between a post and what it writes of it, or before it has queued what it read. */
class DyingStore extends StoreAround {
  dies: "queue" | "settle" | undefined;

  override async commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    const [{ event }] = change.audit;
    const step = event === "webhook.queued" ? "queue" : "settle";
    if (shard === WEBHOOK_SHARD && this.dies === step) throw new Error("the core is dead");
    return this.store.commit(shard, change);
  }
}

/** An endpoint is removed right before a commit of that event. */
class RemovingStore extends StoreAround {
  before: string | undefined;
  readonly #remove: () => Promise<unknown>;

  constructor(store: Store, remove: () => Promise<unknown>) {
    super(store);
    this.#remove = remove;
  }

  override async commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    if (change.audit[0].event === this.before) {
      this.before = undefined;
      await this.#remove();
    }
    return this.store.commit(shard, change);
  }
}

/** Right before the first outcome is written down something else goes on: until an answer has come, or for longer. */
class PausingStore extends StoreAround {
  atSettling: ((isAnswered: Promise<void>) => Promise<void>) | undefined;
  readonly #asked = Promise.withResolvers<void>();
  #isPausing = false;

  override async commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    if (change.audit[0].event === "webhook.delivered" && this.atSettling !== undefined) {
      const { atSettling } = this;
      this.atSettling = undefined;
      this.#isPausing = true;
      await atSettling(this.#asked.promise);
    }
    return this.store.commit(shard, change);
  }

  /** Whoever has an answer reads the clock. */
  override now(): UnixMs {
    if (this.#isPausing) this.#asked.resolve();
    return this.store.now();
  }
}

describe.each(Object.entries(STORES))("over the %s store", (_name, open) => {
  let hooks: WebhookWorld;
  let webhook: Webhook;
  beforeEach(async () => {
    hooks = await WebhookWorld.open(open);
    webhook = await hooks.add();
  });
  afterEach(() => hooks.close());

  /** A payment that its user confirms. */
  const confirmed = async (): Promise<string> => {
    const { world } = hooks;
    world.clock.advance(60_000); // the limits on prompts are none of this test's business
    const transaction = await world.pending();
    const submitted = { txId: transaction.txId, tenantId: undefined, signed: world.signed(transaction) };
    const verdict = await submitStatement(world.given, submitted);
    if (isRefusal(verdict)) throw new Error(verdict.message);
    return transaction.txId;
  };
  const deliveries = async (state: "PENDING" | "DELIVERED" | "DEAD") =>
    (await listDeliveries(hooks.given, webhook, { state, limit: 100 })).map(({ body }) => body);

  const triggered = async (): Promise<string> =>
    idOf(await trigger(hooks.given, webhook.tenantId, "admin:anna", "transaction.executed"));

  test("what happens to a transaction is told once, signed, with nothing but its name and state", async () => {
    const core = hooks.core();
    const txId = await confirmed();
    await core.look();
    const { taken } = hooks.receiver;
    expect(taken.map(({ body }) => body.type).toSorted()).toEqual(["transaction.confirmed", "transaction.created"]);
    for (const one of taken) {
      expect(one.body.data.transaction_id).toBe(txId);
      expect(Object.keys(one.body)).toEqual(["id", "type", "timestamp", "data"]);
      expect(Object.keys(one.body.data)).toEqual(["tenant_id", "transaction_id", "state", "version"]);
      expect(isSigned(one, secretOf(hooks.given.secrets, webhook.endpointId, 1))).toBe(true);
      expect(isSigned(one, secretOf(hooks.given.secrets, webhook.endpointId, 2))).toBe(false);
      expect(one.headers["content-type"]).toBe("application/json");
      expect(one.headers["authorization"]).toBeUndefined();
    }
    await core.look();
    expect(taken).toHaveLength(2);
    expect(await deliveries("DELIVERED")).toHaveLength(2);
    expect(await hooks.audited("webhook.delivered")).toHaveLength(2);
  });

  test("what was before the endpoint, in another tenant, or not asked for is not told", async () => {
    const before = await confirmed();
    hooks.world.clock.advance(10_000);
    const [only, other] = [drawHexId(), drawHexId()];
    await hooks.world.addTenant(other, "Other Bank");
    await hooks.add({ url: `${hooks.receiver.url}/${only}`, events: ["transaction.confirmed"] });
    await hooks.add({}, other);
    await removeWebhook(hooks.given, hooks.named(webhook));
    const core = hooks.core();
    const after = await confirmed();
    await core.look();
    expect(hooks.receiver.types).toEqual(["transaction.confirmed"]);
    expect(hooks.receiver.taken.map(({ body }) => body.data.transaction_id)).toEqual([after]);
    expect(before).not.toBe(after);
  });

  test("a receiver that is down is asked again under the same id, later each time", async () => {
    hooks.receiver.statuses.push(500, 302);
    const core = hooks.core();
    await hooks.world.pending();
    await core.look();
    await core.look();
    expect(hooks.receiver.ids).toHaveLength(1);
    hooks.world.clock.advance(4999);
    await core.look();
    expect(hooks.receiver.ids).toHaveLength(1);
    hooks.world.clock.advance(1);
    await core.look();
    expect(hooks.receiver.ids).toHaveLength(2);
    expect(await deliveries("PENDING")).toMatchObject([{ attempts: 2, lastResult: "3xx", lastStatus: 302 }]);
    hooks.world.clock.advance(15_000);
    await core.look();
    expect(new Set(hooks.receiver.ids).size).toBe(1);
    expect(hooks.receiver.ids).toHaveLength(3);
    expect(await deliveries("DELIVERED")).toMatchObject([{ attempts: 3, lastResult: "2xx" }]);
    // Signed anew each time: receivers refuse what is old.
    expect(new Set(hooks.receiver.taken.map(({ headers }) => headers["webhook-timestamp"])).size).toBe(3);
    expect((await hooks.audited("webhook.failed")).map(({ result }) => result)).toEqual(["5xx", "3xx"]);
  });

  test("a message is given up after a day, with an alarm in the audit; new ones are told, and it can be told again", async () => {
    const core = hooks.core();
    await hooks.world.pending();
    const end = hooks.given.store.now() + GIVE_UP_MS;
    let tries = 0;
    for (; (await hooks.audited("webhook.dead")).length === 0; tries += 1) {
      if (tries > 100) throw new Error("it is never given up");
      hooks.receiver.statuses.push(503);
      await core.look();
      const [waiting] = await deliveries("PENDING");
      if (waiting !== undefined) hooks.world.clock.advance(Math.max(waiting.at - hooks.given.store.now(), 0));
    }
    expect(hooks.given.store.now()).toBe(end);
    const [dead] = await deliveries("DEAD");
    expect(dead).toMatchObject({ attempts: hooks.receiver.ids.length, lastStatus: 503 });
    expect(await hooks.audited("webhook.dead")).toMatchObject([{ id: dead?.event.id, result: "5xx" }]);
    hooks.receiver.statuses.length = 0;
    const later = await confirmed();
    await core.look();
    expect(hooks.receiver.taken.at(-1)?.body.data.transaction_id).toBe(later);
    expect(await deliveries("DEAD")).toHaveLength(1);
    const replayed = await replayOne(hooks.given, hooks.named(webhook), dead!.event.id);
    expect(replayed).toEqual({ queued: 1, nextCursor: "" });
    await core.look();
    expect(hooks.receiver.ids.at(-1)).toBe(dead?.event.id);
    expect(await deliveries("DEAD")).toEqual([]);
  });

  test("a core that dies between post and commit is followed by one that posts again, under the same id", async () => {
    const store = new (class extends DyingStore {})(hooks.given.store);
    store.dies = "settle";
    await hooks.world.pending();
    const first = hooks.core({ store });
    await first.look();
    await first.stop();
    expect(hooks.receiver.ids).toHaveLength(1);
    expect(await deliveries("PENDING")).toHaveLength(1);
    await hooks.core().look();
    expect(hooks.receiver.ids).toHaveLength(2);
    expect(new Set(hooks.receiver.ids).size).toBe(1);
    expect(new Set(hooks.receiver.taken.map(({ text }) => text)).size).toBe(1);
    expect(await deliveries("DELIVERED")).toHaveLength(1);
  });

  test("a core that dies before it has queued what it read has lost nothing, and posted nothing", async () => {
    const store = new DyingStore(hooks.given.store);
    store.dies = "queue";
    await hooks.world.pending();
    const first = hooks.core({ store });
    await first.look();
    expect(hooks.receiver.ids).toEqual([]);
    store.dies = undefined;
    await first.look(); // the same core, whose store is back
    expect(hooks.receiver.types).toEqual(["transaction.created"]);
    await first.stop();
    await hooks.core().look();
    expect(hooks.receiver.ids).toHaveLength(1);
  });

  test("of two cores one posts, each message once; the other takes over when that is silent", async () => {
    const cores = [hooks.core({ soleCore: false }), hooks.core({ soleCore: false })] as const;
    for (let i = 0; i < 5; i += 1) await confirmed();
    await Promise.all(cores.map((core) => core.look()));
    await Promise.all(cores.map((core) => core.look()));
    expect(hooks.receiver.ids).toHaveLength(10);
    expect(new Set(hooks.receiver.ids).size).toBe(10);
    await Promise.all(cores.map((core) => core.stop()));

    // One posts and hears no answer; the other leaves it alone until its time is up.
    const held = Promise.withResolvers<void>();
    hooks.receiver.hold = held.promise;
    const silent = hooks.core({ soleCore: false });
    await hooks.world.pending();
    const looking = silent.look();
    while (hooks.receiver.ids.length < 11) await new Promise((resolve) => setImmediate(resolve));
    hooks.receiver.hold = Promise.resolve();
    const other = hooks.core({ soleCore: false });
    await other.look();
    expect(hooks.receiver.ids).toHaveLength(11);
    hooks.world.clock.advance(LEASE_MS + 1);
    await other.look();
    expect(hooks.receiver.ids).toHaveLength(12);
    expect(hooks.receiver.ids[11]).toBe(hooks.receiver.ids[10]);
    held.resolve();
    await looking;
    // What the first one heard late changes nothing.
    expect(await hooks.audited("webhook.delivered")).toHaveLength(11);
  });

  test("an answer that takes long keeps nothing else waiting, neither what waits with it nor what comes later", async () => {
    const core = hooks.core();
    const told: string[] = [];
    const tell = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) told.push(await triggered());
    };
    await tell(40);
    const held = Promise.withResolvers<void>();
    hooks.receiver.slow = { isSlow: ({ body }) => body.id === told[0], hold: held.promise };
    const looking = core.look();
    while ((await deliveries("DELIVERED")).length < 39) await nextTurn();
    await tell(3);
    while ((await deliveries("DELIVERED")).length < 42) await nextTurn();
    expect(await deliveries("PENDING")).toMatchObject([{ event: { id: told[0] }, attempts: 0 }]);
    held.resolve();
    await looking;
    expect(await deliveries("PENDING")).toEqual([]);
    expect(hooks.receiver.ids.toSorted()).toEqual(told.toSorted());
  });

  test("a post begins with a lease that is twice as long as it may take", async () => {
    const core = hooks.core({ soleCore: false });
    hooks.receiver.statuses.push(500, 500);
    await hooks.world.pending();
    await core.look();
    const leftAfter = async (ms: number): Promise<number> => {
      hooks.world.clock.advance(ms);
      await core.look();
      const { entities } = await hooks.given.store.load(WEBHOOK_SHARD, progressKey(webhook.endpointId));
      return (entities[0].body?.until ?? 0) - hooks.given.store.now();
    };
    expect(await leftAfter(5000)).toBe(LEASE_MS - 5000);
    expect(await leftAfter(30_000)).toBe(LEASE_MS);
    expect(hooks.receiver.ids).toHaveLength(3);
  });

  test("of endpoints that are made at once a tenant gets as many as it may have, and one that is gone makes room", async () => {
    for (let made = 1; made < MOST_ENDPOINTS - 1; made += 1) await hooks.add();
    const other = drawHexId();
    await hooks.world.addTenant(other, "Other Bank");
    const asked = await Promise.allSettled([...Array.from({ length: 4 }, () => hooks.add()), hooks.add({}, other)]);
    expect(asked.map(({ status }) => status).toSorted()).toEqual([
      ...["fulfilled", "fulfilled"],
      ...["rejected", "rejected", "rejected"],
    ]);
    expect(asked.at(-1)).toMatchObject({ status: "fulfilled" });
    expect(await webhooksOf(hooks.given, webhook.tenantId)).toHaveLength(MOST_ENDPOINTS);
    await expect(hooks.add()).rejects.toThrow(`at most ${MOST_ENDPOINTS} endpoints`);
    await removeWebhook(hooks.given, hooks.named(webhook));
    await hooks.add();
  });

  test("an endpoint that is removed while it is told, or told again, leaves nothing behind", async () => {
    const store = new RemovingStore(hooks.given.store, () => removeWebhook(hooks.given, hooks.named(webhook)));
    await hooks.world.pending();
    store.before = "webhook.queued";
    await hooks.core({ store }).look();
    const left = async () =>
      (await hooks.given.store.load(WEBHOOK_SHARD, progressKey(webhook.endpointId))).entities[0].body;
    expect(await hooks.audited("webhook.removed")).toHaveLength(1);
    expect([await left(), await deliveries("PENDING"), hooks.receiver.ids]).toEqual([undefined, [], []]);

    webhook = await hooks.add();
    const id = idOf(await sendTest(hooks.given, hooks.named(webhook), ""));
    await hooks.core().look();
    store.before = "webhook.replayed";
    const replayed = await replayOne({ ...hooks.given, store }, hooks.named(webhook), id);
    expect(replayed).toMatchObject({ refused: "NOT_FOUND" });
    expect(await hooks.audited("webhook.removed")).toHaveLength(2);
    expect([await left(), await deliveries("PENDING"), await deliveries("DELIVERED")]).toEqual([undefined, [], []]);
  });

  test("a clock that is set back silences nobody: what happens is told, what waits is tried", async () => {
    const core = hooks.core();
    hooks.receiver.statuses.push(503);
    hooks.receiver.answerHeaders = { "retry-after": "3600" };
    await hooks.world.pending();
    await core.look();
    expect(hooks.receiver.ids).toHaveLength(1);
    hooks.world.clock.advance(-86_400_000);
    const txId = await confirmed();
    await core.look();
    const about = hooks.receiver.taken.map(({ body }) => body.data.transaction_id);
    expect(about.filter((id) => id === txId)).toHaveLength(2);
    expect(hooks.receiver.ids).toHaveLength(4);
    expect(await deliveries("PENDING")).toEqual([]);
  });

  test("nor does a lease last for longer", async () => {
    const store = new DyingStore(hooks.given.store);
    await hooks.world.pending();
    await hooks.core({ store, soleCore: false }).look();
    store.dies = "queue";
    hooks.world.clock.advance(-86_400_000);
    await confirmed();
    await hooks.core({ soleCore: false }).look();
    expect(hooks.receiver.ids).toHaveLength(3);
  });

  test("a core that stops writes down what was answered", async () => {
    const store = new PausingStore(hooks.given.store);
    const core = hooks.core({ store });
    const held = Promise.withResolvers<void>();
    const [, last] = [await triggered(), await triggered()];
    hooks.receiver.slow = { isSlow: ({ body }) => body.id === last, hold: held.promise };
    let stopped: Promise<void> | undefined;
    store.atSettling = async (isAnswered) => {
      held.resolve();
      await isAnswered;
      stopped = core.stop();
    };
    await core.look();
    await stopped;
    expect(await deliveries("DELIVERED")).toHaveLength(2);
  });

  test("after a rotation both secrets sign for a day, then the new one alone", async () => {
    const core = hooks.core();
    const [one, two] = [1, 2].map((generation) => secretOf(hooks.given.secrets, webhook.endpointId, generation));
    expect(one).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(two).not.toBe(one);
    expect(await rotateWebhook(hooks.given, hooks.named(webhook), 1)).toMatchObject({ generation: 2 });
    expect(await rotateWebhook(hooks.given, hooks.named(webhook), 1)).toMatchObject({ generation: 2 }); // repeated
    expect(await rotateWebhook(hooks.given, hooks.named(webhook), 5)).toMatchObject({ refused: "STATE_CONFLICT" });
    const signedBy = async (): Promise<boolean[]> => {
      await hooks.world.pending();
      await core.look();
      const last = hooks.receiver.taken.at(-1)!;
      return [isSigned(last, one!), isSigned(last, two!)];
    };
    expect(await signedBy()).toEqual([true, true]);
    hooks.world.clock.advance(OVERLAP_MS - 1);
    expect(await signedBy()).toEqual([true, true]);
    hooks.world.clock.advance(1);
    expect(await signedBy()).toEqual([false, true]);
    expect(await hooks.audited("webhook.rotated")).toEqual([{ generation: 2 }]);
  });

  test("what happens while an endpoint is paused is told after it was resumed; of a removed one nothing is left", async () => {
    const core = hooks.core();
    await setPaused(hooks.given, hooks.named(webhook), true);
    await confirmed();
    await core.look();
    expect(hooks.receiver.ids).toEqual([]);
    await setPaused(hooks.given, hooks.named(webhook), false);
    await core.look();
    expect(hooks.receiver.ids).toHaveLength(2);
    hooks.receiver.statuses.push(500);
    await hooks.world.pending();
    await core.look();
    await removeWebhook(hooks.given, hooks.named(webhook));
    hooks.world.clock.advance(GIVE_UP_MS);
    await core.look();
    expect(hooks.receiver.ids).toHaveLength(3);
    expect([...(await deliveries("PENDING")), ...(await deliveries("DELIVERED"))]).toEqual([]);
    expect(await hooks.audited("webhook.removed")).toHaveLength(1);
  });

  test("a receiver that asks for time is left alone so long, whole, and hears then what it missed", async () => {
    const core = hooks.core();
    hooks.receiver.statuses.push(429);
    hooks.receiver.answerHeaders = { "retry-after": "600" };
    await hooks.world.pending();
    await core.look();
    const start = hooks.given.store.now();
    expect(await deliveries("PENDING")).toMatchObject([{ attempts: 1, lastStatus: 429, at: start + 600_000 }]);
    const txId = await confirmed(); // a minute later
    for (const until of [60_000, 599_999]) {
      hooks.world.clock.advance(start + until - hooks.given.store.now());
      await core.look();
      expect(hooks.receiver.ids).toHaveLength(1);
    }
    expect(await deliveries("PENDING")).toHaveLength(3);
    // Another core, and this one after a restart, leave it alone as well.
    await core.stop();
    const next = hooks.core();
    await next.look();
    expect(hooks.receiver.ids).toHaveLength(1);
    hooks.world.clock.advance(1);
    await next.look();
    expect(hooks.receiver.ids).toHaveLength(4);
    const about = hooks.receiver.taken.slice(1).map(({ body }) => body.data.transaction_id);
    expect(about.filter((id) => id === txId)).toHaveLength(2);
    expect(await deliveries("DELIVERED")).toHaveLength(3);
  });

  test("a date is heard as well; nobody is left alone for more than an hour; a failure of another kind asks for nothing", async () => {
    const core = hooks.core();
    hooks.receiver.statuses.push(500, 503);
    hooks.receiver.answerHeaders = { "retry-after": new Date(hooks.given.store.now() + 86_400_000).toUTCString() };
    await hooks.world.pending();
    await core.look();
    hooks.world.clock.advance(5000);
    await core.look();
    expect(hooks.receiver.ids).toHaveLength(2);
    const [waiting] = await deliveries("PENDING");
    expect(waiting).toMatchObject({ attempts: 2, lastStatus: 503, at: hooks.given.store.now() + 3_600_000 });
    hooks.world.clock.advance(3_600_000);
    await core.look();
    expect(await deliveries("DELIVERED")).toMatchObject([{ attempts: 3 }]);
  });

  test("a receiver that says it is gone is paused, the audit says so, and after a resumption it is told what it missed", async () => {
    const core = hooks.core();
    hooks.receiver.statuses.push(410);
    await hooks.world.pending();
    await core.look();
    const goneAt = hooks.given.store.now();
    expect((await webhookOf(hooks.given, webhook.tenantId, webhook.endpointId))?.body).toMatchObject({
      ...{ paused: true, goneAt, url: webhook.url },
    });
    expect(await hooks.audited("webhook.gone")).toEqual([{ status: 410 }]);
    await confirmed();
    hooks.world.clock.advance(GIVE_UP_MS);
    await core.look();
    expect(hooks.receiver.ids).toHaveLength(1);
    const resumed = await setPaused(hooks.given, hooks.named(webhook), false);
    expect(resumed).toMatchObject({ paused: false });
    expect(resumed).not.toHaveProperty("goneAt");
    await core.look();
    expect(hooks.receiver.ids).toHaveLength(4);
    expect(hooks.receiver.ids[1]).toBe(hooks.receiver.ids[0]);
    expect(await deliveries("DELIVERED")).toHaveLength(3);
  });

  test("one that was resumed or paused by hand meanwhile stays as that was meant", async () => {
    const core = hooks.core();
    const held = Promise.withResolvers<void>();
    hooks.receiver.hold = held.promise;
    hooks.receiver.statuses.push(410);
    await hooks.world.pending();
    const looking = core.look();
    while (hooks.receiver.ids.length < 1) await new Promise((resolve) => setImmediate(resolve));
    await setPaused(hooks.given, hooks.named(webhook), true);
    await setPaused(hooks.given, hooks.named(webhook), false);
    held.resolve();
    await looking;
    expect(await hooks.audited("webhook.gone")).toEqual([]);
    expect(await deliveries("PENDING")).toMatchObject([{ attempts: 1, lastStatus: 410 }]);
  });

  test("what was told is told again since a moment, under its own ids, in as many calls as it takes", async () => {
    const core = hooks.core();
    await confirmed();
    await core.look();
    const since = hooks.given.store.now() + 1;
    hooks.world.clock.advance(1);
    const txId = await confirmed();
    await core.look();
    const told = hooks.receiver.ids.slice(2);
    const replayed = await replaySince(hooks.given, hooks.named(webhook), { since, cursor: "" });
    expect(replayed).toEqual({ queued: 2, nextCursor: "" });
    await core.look();
    expect(hooks.receiver.ids.slice(4).toSorted()).toEqual(told.toSorted());
    expect(hooks.receiver.taken.at(-1)?.body.data.transaction_id).toBe(txId);
    for (const bad of ["evt_00000000000000000000", "evt_test_00", "x", hooks.receiver.ids[0]!.replace(/.$/, "f")])
      expect(await replayOne(hooks.given, hooks.named(webhook), bad)).toMatchObject({ refused: "NOT_FOUND" });
    const bad = await replaySince(hooks.given, hooks.named(webhook), { since, cursor: "bm8" });
    expect(bad).toMatchObject({ refused: "BAD_INPUT" });
  });

  test("tests go the way of all messages, say that they are tests, and reach whom they are for", async () => {
    const core = hooks.core();
    const filtered = await hooks.add({ events: ["transaction.rejected"] });
    const id = await sendTest(hooks.given, hooks.named(filtered), "");
    await core.look();
    expect(hooks.receiver.taken).toMatchObject([{ body: { id, type: "transaction.executed", test: true } }]);
    const other = await trigger(hooks.given, webhook.tenantId, "admin:anna", "transaction.rejected");
    await core.look();
    expect(hooks.receiver.ids.slice(1)).toEqual([other, other]);
    await trigger(hooks.given, webhook.tenantId, "admin:anna", "transaction.executed");
    await core.look();
    expect(hooks.receiver.ids).toHaveLength(4);
    expect(await trigger(hooks.given, webhook.tenantId, "admin:anna", "transaction.no")).toMatchObject({
      refused: "BAD_INPUT",
    });
  });

  test("no secret is at rest, in the audit, or in what is sent", async () => {
    const core = hooks.core();
    await confirmed();
    await rotateWebhook(hooks.given, hooks.named(webhook), 1);
    await hooks.world.pending();
    await core.look();
    const canaries = [1, 2].map((n) => secretOf(hooks.given.secrets, webhook.endpointId, n).slice("whsec_".length));
    const entries = await hooks.given.store.audit(WEBHOOK_SHARD, 1, 1000);
    const written = JSON.stringify([entries.map(({ events }) => events), await deliveries("DELIVERED"), webhook]);
    const sent = JSON.stringify(hooks.receiver.taken);
    for (const canary of canaries) expect(written + sent).not.toContain(canary);
    // The path of a URL may hold what its owner calls a secret.
    expect(JSON.stringify(entries.map(({ events }) => events))).not.toContain("/countersign");
  });
});
