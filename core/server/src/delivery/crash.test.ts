// The kill-point matrix of the two-phase send: the core dies at each of its commits, before or after it is durable, and
// at each message, before or after the provider took it. A standby with the next fence goes on.
import { describe, expect, test } from "@jest/globals";
import type { Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import type { Platform } from "../identity/tenant.ts";
import type { Effect } from "../transaction/transaction.ts";
import { dyingStore, type Moment } from "./testing/dying-store.ts";
import { aLink, aTransaction, NOW } from "./testing/entities.ts";
import { Phone } from "./testing/phone.ts";
import { FakeBot, good, turn, World, type Answer } from "./testing/world.ts";

/** Dies at the n-th message: the provider took it, or did not, and the report is lost. */
function dyingAnswer(n: number, moment: Moment): { answer: Answer; died(): boolean } {
  let messages = 0;
  const answer = async (message: Deliver, bot: FakeBot): Promise<void> => {
    messages += 1;
    if (messages < n) return bot.sent(message);
    if (messages > n) return;
    if (moment === "after") bot.phone.accept(message);
    bot.engine.stop();
  };
  return { answer, died: () => messages >= n };
}

const created: readonly Effect[] = [{ type: "deliver-code", why: "created" }];

async function prompt(platform: Platform): Promise<World> {
  const world = new World();
  await world.people([aLink("a", { platform })]);
  await world.take(aTransaction(), created);
  return world;
}

async function standby(world: World, phone: Phone): Promise<void> {
  const bot = new FakeBot(world.given, phone, good, { fence: 2 });
  await world.pass(40_000, 500);
  bot.engine.stop();
}

describe("claim 03: telegram, killed anywhere, ends with exactly one message that holds a code", () => {
  // SENDING(notice), notice accepted + SENDING(full), SENT
  const COMMITS = [1, 2, 3];
  for (const moment of ["before", "after"] as const) {
    test.each(COMMITS)(`${moment} commit %i`, async (n) => {
      const world = await prompt("telegram");
      const phone = new Phone();
      const dying = dyingStore(world.store, n, moment);
      const first = new FakeBot({ ...world.given, store: dying.store }, phone, good);
      await turn();
      expect(dying.died()).toBe(true);
      first.engine.stop();
      await standby(world, phone);
      expect(phone.withCode()).toHaveLength(1);
      expect(new Set(phone.codes).size).toBe(1);
      expect(await world.delivery(aTransaction().txId, aLink("a"))).toMatchObject({ state: "SENT" });
    });

    test.each([1, 2])(`${moment} the provider takes message %i`, async (n) => {
      const world = await prompt("telegram");
      const phone = new Phone();
      const dying = dyingAnswer(n, moment);
      const first = new FakeBot(world.given, phone, dying.answer);
      await turn();
      expect(dying.died()).toBe(true);
      first.engine.stop();
      await standby(world, phone);
      expect(phone.withCode()).toHaveLength(1);
      expect(new Set(phone.codes).size).toBe(1);
    });
  }

  test("the commits of a whole prompt are those three", async () => {
    const world = await prompt("telegram");
    const before = (await world.store.audit(world.shard, 1, 100)).length;
    const bot = new FakeBot(world.given, new Phone(), good);
    await turn();
    bot.engine.stop();
    expect((await world.store.audit(world.shard, 1, 100)).length - before).toBe(3);
  });
});

describe("mail, killed anywhere: one code at least, two messages at most", () => {
  for (const moment of ["before", "after"] as const) {
    test.each([1, 2])(`${moment} commit %i`, async (n) => {
      const world = await prompt("mail");
      const phone = new Phone();
      const first = new FakeBot({ ...world.given, store: dyingStore(world.store, n, moment).store }, phone, good);
      await turn();
      first.engine.stop();
      await standby(world, phone);
      expect(phone.messages.length).toBeGreaterThanOrEqual(1);
      expect(phone.messages.length).toBeLessThanOrEqual(2);
      expect(new Set(phone.codes).size).toBe(1);
    });
  }
});

test("killed with the code on its way, back after notAfter: no code appears any more", async () => {
  const world = await prompt("telegram");
  const phone = new Phone();
  const first = new FakeBot(world.given, phone, dyingAnswer(2, "before").answer);
  await turn();
  first.engine.stop();
  world.clock.advance(121_000);
  await standby(world, phone);
  expect(phone.codes).toEqual([]);
  expect(await world.delivery(aTransaction().txId, aLink("a"))).toMatchObject({ state: "UNKNOWN" });
  expect(world.store.now()).toBeGreaterThan(NOW);
});
