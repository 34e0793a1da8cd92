// What a consumer of the tail costs that does not keep up, and where in a chain it begins.
import { expect, test } from "@jest/globals";
import { FakeClock } from "@countersign/testing";
import { AuditServiceTailResponse } from "@countersign/proto/node/admin/v1/audit_service";
import fc from "fast-check";
import type { CoreGiven } from "../given.ts";
import { openMemoryStore } from "../store/memory-store.ts";
import { changing, drawId, SHARD, writing } from "../store/store-fixture.ts";
import type { Store } from "../store/store.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { firstSince, tailAudit } from "./tail-audit.ts";

async function commit(store: Store, shard: number): Promise<void> {
  const { epoch } = await store.load(shard);
  expect(await store.commit(shard, changing([writing(drawId(), "", "x")], { epoch }))).toBe("committed");
}

test("who is slow is sent nothing more until he took what he has, and misses nothing", async () => {
  const { given }: { given: CoreGiven } = await CoreWorld.open();
  const over = new AbortController();
  const sent: AuditServiceTailResponse[] = [];
  let took = Promise.withResolvers<void>();
  let sending = Promise.withResolvers<void>();
  const tailing = { tenant: undefined, events: ["test.changed"], cursor: "" };
  const stream = tailAudit(given, tailing, over.signal, async (message) => {
    sent.push(message);
    if (message.events.length === 0) return;
    sending.resolve();
    await took.promise;
  });
  await commit(given.store, 1);
  await sending.promise;
  for (let i = 0; i < 500; i++) await commit(given.store, i % 10);
  expect(sent.flatMap(({ events }) => events)).toHaveLength(1);

  took.resolve();
  while (sent.flatMap(({ events }) => events).length < 501) {
    sending = Promise.withResolvers<void>();
    took = Promise.withResolvers<void>();
    took.resolve();
    await sending.promise;
  }
  const told = sent.flatMap(({ events }) => events).map(({ shard, seq, index }) => `${shard}.${seq}.${index}`);
  expect(new Set(told).size).toBe(501);
  over.abort();
  await stream;
});

test.each([
  ["what there is not", 100],
  ["chains that are empty", 0],
])("who asks for %s has all chains read, and everybody else has his turn meanwhile", async (_what, written) => {
  const { given }: { given: CoreGiven } = await CoreWorld.open();
  for (let i = 0; i < written; i++) await commit(given.store, i);
  let pages = 0;
  const store = new Proxy(given.store, {
    get: (of, name) => {
      const member: unknown = Reflect.get(of, name);
      if (typeof member !== "function") return member;
      if (name === "audit") pages += 1;
      return (member as (...args: unknown[]) => unknown).bind(of);
    },
  });
  const over = new AbortController();
  const tailing = { tenant: undefined, events: ["test.never"], cursor: Buffer.from("t1.0").toString("base64url") };
  const tail = tailAudit({ ...given, store }, tailing, over.signal, async () => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  over.abort();
  await tail;
  expect(pages).toBeLessThan(100);
});

test("the first entry since a moment is found from wherever it is looked for", async () => {
  const clock = new FakeClock();
  const store = openMemoryStore({ clock });
  const times: number[] = [];
  for (let i = 0; i < 40; i++) {
    if (i % 3 === 0) clock.advance(1000);
    await commit(store, SHARD);
    times.push(store.now());
  }
  const moment = fc.integer({ min: (times[0] ?? 0) - 1500, max: (times.at(-1) ?? 0) + 1500 });
  await fc.assert(
    fc.asyncProperty(moment, fc.integer({ min: 0, max: 100 }), async (from, about) => {
      const naive = times.filter((at) => at < from).length + 1;
      expect(await firstSince(store, SHARD, from, about)).toBe(naive);
      expect(await firstSince(store, SHARD + 1, from, about)).toBe(1);
    }),
  );
});
