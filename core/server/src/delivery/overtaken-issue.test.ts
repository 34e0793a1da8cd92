// The moment of a chat that holds an earlier code comes when a newer one was issued.
import { expect, test } from "@jest/globals";
import { linkKey } from "../identity/entity-key.ts";
import type { Link } from "../identity/link.ts";
import { isRefusal } from "../rpc/refusal.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import { alterStore } from "../testing/altered-store.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { consequenceOf } from "./consequence.ts";
import type { Delivery } from "./delivery.ts";
import { deliveryWrite } from "./delivery-index.ts";
import { deliveryKey } from "./delivery-key.ts";
import { deliveryDue } from "./due.ts";
import { aLink, aTransaction, idOf, NOW, TENANT } from "./testing/entities.ts";
import { World } from "./testing/world.ts";
import { firstWish } from "./wish.ts";

const tx = aTransaction();
const links = (["telegram", "matrix"] as const).map((platform) =>
  aLink(platform, { platform, botId: idOf(`bot ${platform}`) }),
);
const [telegram, matrix] = links as [Link, Link];

/** The code failed in this chat, and a core died before it told the transaction that no chat is left. */
function failed(link: Link): Delivery {
  const key = deliveryKey(TENANT, tx.txId, link.linkId);
  const wanted = { phase: "full", issue: { epoch: 1, n: 1 } } as const;
  const fresh = { deliveryId: key.id, txId: tx.txId, type: "prompt", wanted } as const;
  const times = { notAfter: tx.expiresAt, fallbackAt: NOW };
  const wish = firstWish(link, { ...fresh, ...times }, NOW);
  return { ...wish, state: "FAILED", reason: "CHANNEL_DOWN", retryAt: undefined };
}

async function failedIn(...chats: readonly Link[]): Promise<World> {
  const world = new World();
  await world.people(chats);
  await world.take(tx, []);
  for (const link of chats) {
    const { key, body, index } = deliveryWrite(loaded(failed(link)), failed(link), NOW) as AnyWrite & {
      readonly key: LoadedEntity<"delivery">["key"];
      readonly body: Delivery;
    };
    await world.put(world.shard, key, body, index);
  }
  return world;
}

function loaded(body: Delivery): LoadedEntity<"delivery"> {
  return { key: deliveryKey(TENANT, tx.txId, body.linkId), version: "", body };
}

async function issueAgain(world: World): Promise<void> {
  const after = await happen(world.given, tx.txId, { type: "resent", epoch: 1 }, "app");
  if (isRefusal(after)) throw new Error(after.message);
}

/** Whatever is due now, until nothing is. */
async function sweep(world: World): Promise<number> {
  let handled = 0;
  for (;;) {
    const due = await world.store.due(world.store.now(), 100);
    if (due.length === 0) return handled;
    if (handled > 20) throw new Error("something is due again and again");
    for (const found of due) {
      handled += 1;
      await deliveryDue(world.given, found);
    }
  }
}

test("a chat that failed with the old code waits for its turn with the new one", async () => {
  const world = await failedIn(telegram, matrix);
  world.clock.advance(60_000);
  await issueAgain(world);
  expect(await sweep(world)).toBe(1);
  expect(await world.delivery(tx.txId, telegram)).toMatchObject({ state: "QUEUED", wanted: { issue: { n: 2 } } });
  expect(await world.delivery(tx.txId, matrix)).toMatchObject({ state: "FAILED", wanted: { issue: { n: 1 } } });
  await world.pass(tx.policy.channelTimeoutMs);
  expect(await world.delivery(tx.txId, matrix)).toMatchObject({ state: "QUEUED", wanted: { issue: { n: 2 } } });
});

test("the new code was issued when no time was left to show it, and then the clock went back: it is shown", async () => {
  const world = await failedIn(telegram);
  world.clock.advance(tx.expiresAt - NOW - 1);
  await issueAgain(world);
  expect(await world.delivery(tx.txId, telegram)).toMatchObject({ state: "FAILED", wanted: { issue: { n: 1 } } });
  world.clock.advance(NOW - world.store.now());
  expect(await sweep(world)).toBe(1);
  expect(await world.delivery(tx.txId, telegram)).toMatchObject({ state: "QUEUED", wanted: { issue: { n: 2 } } });
});

test("no chat was asked with the new code and no time is left: nothing is due any more", async () => {
  const world = await failedIn(telegram, matrix);
  world.clock.advance(tx.expiresAt - NOW - 1);
  await issueAgain(world);
  expect(await sweep(world)).toBe(2);
  expect(await world.transaction(tx.txId)).toMatchObject({ state: "PENDING" });
});

test("the code is issued anew before the transaction is told that no chat is left: it waits for the new one", async () => {
  const world = await failedIn(telegram);
  world.clock.advance(60_000);
  const [found] = await world.store.due(world.store.now(), 1);
  if (found === undefined) throw new Error("nothing is due");
  const given = alterStore(world.given, async (commit, shard, change) => {
    const outcome = await commit(shard, change);
    if (change.audit.some(({ event }) => event === "delivery.due")) await issueAgain(world);
    return outcome;
  });
  await deliveryDue(given, found);
  expect(await world.transaction(tx.txId)).toMatchObject({ state: "PENDING", issue: { n: 2 } });
  expect(await world.delivery(tx.txId, telegram)).toMatchObject({ state: "QUEUED", wanted: { issue: { n: 2 } } });
});

test("whatever comes of one delivery, nothing is written twice", () => {
  const [first, second] = [failed(telegram), failed(matrix)];
  const newer: Transaction = { ...tx, issue: { epoch: 1, n: 2 } };
  const held = {
    ...{ shard: 0, epoch: 1, now: NOW, keys: [], others: [] },
    transaction: { key: { type: "transaction", tenant: "", id: tx.txId }, version: "1", body: newer },
    user: { key: { type: "user", tenant: TENANT, id: tx.userId }, version: "1", body: undefined },
    links: [telegram, matrix].map((body) => ({ key: linkKey(TENANT, body.linkId), version: "1", body })),
    deliveries: [loaded(first), loaded(second)],
  } as const;
  const { writes, undeliverable } = consequenceOf(loaded(first), first, { held }, NOW);
  const names = writes.map(({ key }) => `${key.type} ${key.id}`);
  expect(new Set(names).size).toBe(names.length);
  expect(undeliverable).toBeUndefined();
});
