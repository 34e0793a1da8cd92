import { afterEach, describe, expect, test } from "@jest/globals";
import { NoticeType, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import type { Link } from "../identity/link.ts";
import type { Platform } from "../identity/tenant.ts";
import type { Effect, Transaction } from "../transaction/transaction.ts";
import { aLink, aPolicy, aTransaction, idOf, NOW, txIdOf } from "./testing/entities.ts";
import { ProviderPhone } from "./testing/provider-phone.ts";
import { FakeBot, good, silent, turn, World, type Answer } from "./testing/world.ts";
import { CODE_MARGIN_MS } from "./wish.ts";

const created: readonly Effect[] = [{ type: "deliver-code", why: "created" }];
const HOUR = 3_600_000;
const throttled: Answer = (message, bot) => bot.failed(message, "not-sent", HOUR);
const lost: Answer = (message, bot) => bot.failed(message, "unknown");
const doesNotFit: Answer = (message, bot) =>
  bot.engine.report(message.sequence, {
    type: "failed",
    fate: "permanent",
    reason: "CHANNEL_DOES_NOT_FIT",
    retryAfterMs: 0,
  });

const bots: FakeBot[] = [];
afterEach(() => {
  for (const bot of bots.splice(0)) bot.engine.stop();
});

interface Scene {
  readonly world: World;
  readonly links: readonly Link[];
  readonly phones: readonly ProviderPhone[];
}

/** A user with one chat on each platform, in this order, each behind a bot that does this. */
async function scene(chats: readonly (readonly [Platform, Answer])[], tx: Transaction): Promise<Scene> {
  const world = new World();
  const links = chats.map(([platform]) => aLink(platform, { platform, botId: idOf(`bot ${platform}`) }));
  await world.people(links);
  await world.take(tx, created);
  const phones = chats.map(([platform]) => new ProviderPhone(platform, () => world.store.now()));
  for (const [at, [platform, answer]] of chats.entries()) {
    bots.push(new FakeBot(world.given, phones[at] as ProviderPhone, answer, { botId: idOf(`bot ${platform}`) }));
  }
  await turn();
  return { world, links, phones };
}

/** When each phone first saw the code, from the start; undefined: never. */
function seenAfter({ phones }: Scene): (number | undefined)[] {
  return phones.map(({ sights }) => {
    const first = sights.find(({ code }) => code !== "");
    return first && first.at - NOW;
  });
}

const tx = aTransaction();

describe("429 with an hour to wait", () => {
  test("the second channel gets the code within channelTimeout; the first shows no stale code later", async () => {
    const of = await scene(
      [
        ["telegram", throttled],
        ["matrix", good],
      ],
      tx,
    );
    await of.world.pass(tx.policy.channelTimeoutMs, 500);
    expect(seenAfter(of)[1]).toBeLessThanOrEqual(tx.policy.channelTimeoutMs);
    await of.world.pass(2 * HOUR, 60_000);
    expect(of.phones[0]?.sights).toEqual([]);
  });

  test("another transaction of the paused bot waits for nobody: its second channel is asked at once", async () => {
    const of = await scene(
      [
        ["telegram", throttled],
        ["matrix", good],
      ],
      tx,
    );
    await of.world.take(aTransaction({ txId: txIdOf("tx2").slice(0, 30) + "02", tag: "OTHER TAG" }), created);
    await turn();
    expect(
      of.phones[1]
        ?.withCode()
        .map(({ content }) => content.tag)
        .toSorted(),
    ).toEqual(["AMBER TIGER", "OTHER TAG"]);
    expect(bots[0]?.handed).toHaveLength(1);
  });

  test("a shorter pause: the first channel may still win, and then no other is asked", async () => {
    let first = true;
    const briefly: Answer = (message, bot) => {
      if (!first) return bot.sent(message);
      first = false;
      return bot.failed(message, "not-sent", 10_000);
    };
    const of = await scene(
      [
        ["telegram", briefly],
        ["matrix", good],
      ],
      tx,
    );
    await of.world.pass(60_000, 500);
    expect(of.phones[0]?.withCode()).toHaveLength(1);
    expect(of.phones[1]?.sights).toEqual([]);
  });
});

describe("the order telegram, matrix, mail, SMS", () => {
  const policy = aPolicy({ channelTimeoutMs: 60_000 });

  test("each in its share of the time, although the policy's would leave room for two alone", async () => {
    const four = [
      ["telegram", silent],
      ["matrix", silent],
      ["mail", lost],
      ["sms", good],
    ] as const;
    const of = await scene(four, aTransaction({ policy }));
    await of.world.pass(tx.expiresAt - NOW, 500);
    expect(bots.map(({ handed }) => handed.length > 0)).toEqual([true, true, true, true]);
    expect(seenAfter(of)).toEqual([undefined, undefined, undefined, 90_000]);
    expect(of.phones.flatMap(({ sights }) => sights).every(({ at }) => at <= tx.expiresAt - CODE_MARGIN_MS)).toBe(true);
  });

  test("a time that fits is the policy's", async () => {
    const of = await scene(
      [
        ["telegram", silent],
        ["matrix", silent],
        ["sms", good],
      ],
      tx,
    );
    await of.world.pass(60_000, 500);
    expect(seenAfter(of)).toEqual([undefined, undefined, 40_000]);
  });

  test("a message that does not fit fails alone: the next channel now, this one again next time", async () => {
    const of = await scene(
      [
        ["telegram", doesNotFit],
        ["matrix", good],
      ],
      tx,
    );
    expect(seenAfter(of)).toEqual([undefined, 0]);
    const [first] = of.links as [Link, Link];
    expect(await of.world.link(first)).toMatchObject({ state: "LINKED" });
    expect(await of.world.delivery(tx.txId, first)).toMatchObject({ state: "FAILED", reason: "CHANNEL_DOES_NOT_FIT" });
    await of.world.take(aTransaction({ txId: txIdOf("tx2").slice(0, 30) + "02" }), created);
    await turn();
    expect(bots[0]?.handed).toHaveLength(2);
  });
});

describe.each(["mail", "sms"] as const)("%s is told the code and the end", (platform) => {
  test("a wrong code and a last warning are no message; the outcome is", async () => {
    const of = await scene([[platform, good]], tx);
    for (const type of ["WRONG_CODE", "LAST_WARNING"] as const) {
      await of.world.take(tx, [{ type: "notify", notice: { type, at: NOW }, final: false }]);
      await turn();
    }
    expect(of.phones[0]?.sights.map(({ phase }) => phase)).toEqual([Phase.FULL]);
    await of.world.take(tx, [{ type: "notify", notice: { type: "CONFIRMED", at: NOW }, final: false }]);
    await of.world.take(tx, [{ type: "notify", notice: { type: "EXECUTED", at: NOW }, final: true }]);
    await turn();
    expect(of.phones[0]?.sights.map(({ phase }) => phase)).toEqual([Phase.FULL, Phase.OUTCOME]);
  });

  test("a last warning comes as an alert of its own", async () => {
    const of = await scene([[platform, good]], tx);
    await of.world.take({ ...tx, version: 2 }, [{ type: "alert", notice: { type: "LAST_WARNING", at: NOW } }]);
    await turn();
    const told = bots[0]?.handed.map(({ phase, notice, code }) => [phase, notice?.type, code !== ""]);
    expect(told).toEqual([
      [Phase.FULL, undefined, true],
      [Phase.ALERT, NoticeType.LAST_WARNING, false],
    ]);
  });

  test("lost twice: UNKNOWN for good after one repeat, the next channel at its time", async () => {
    const of = await scene(
      [
        [platform, lost],
        ["matrix", good],
      ],
      tx,
    );
    await of.world.pass(19_000, 500);
    expect(bots[0]?.handed).toHaveLength(2);
    const [first] = of.links as [Link, Link];
    const delivery = await of.world.delivery(tx.txId, first);
    expect([delivery?.state, delivery?.retryAt]).toEqual(["UNKNOWN", undefined]);
    expect(of.phones[1]?.sights).toEqual([]);
    await of.world.pass(tx.expiresAt - NOW, 500);
    expect(seenAfter(of)[1]).toBe(20_000);
    expect(bots[0]?.handed).toHaveLength(2);
  });
});
