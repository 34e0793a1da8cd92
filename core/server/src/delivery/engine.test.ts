import { afterEach, describe, expect, test } from "@jest/globals";
import { deriveCode, fromHex } from "@countersign/protocol";
import { Phase, type Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import type { CoreGiven } from "../given.ts";
import type { Effect, Transaction } from "../transaction/transaction.ts";
import { IntegrityError } from "../store/store.ts";
import { StaleFenceError } from "./lane-fence.ts";
import { aKey, aLink, aPolicy, aTransaction, BOT, idOf, LINES, NOW } from "./testing/entities.ts";
import { Phone } from "./testing/phone.ts";
import { FakeBot, good, silent, turn, World, type Answer } from "./testing/world.ts";

const chat = aLink("a");
const matrixBot = idOf("bot matrix");
const matrix = aLink("m", { platform: "matrix", botId: matrixBot });
const created: readonly Effect[] = [{ type: "deliver-code", why: "created" }];

const bots: FakeBot[] = [];
afterEach(() => {
  for (const bot of bots.splice(0)) bot.engine.stop();
});

function attach(world: { given: CoreGiven }, phone: Phone, answer: Answer = good, seat = {}): FakeBot {
  const bot = new FakeBot(world.given, phone, answer, seat);
  bots.push(bot);
  return bot;
}

async function withPrompt(tx: Transaction = aTransaction(), links = [chat]): Promise<World> {
  const world = new World();
  await world.people(links, [aKey("k")]);
  await world.take(tx, created);
  return world;
}

function codeFor(world: World, tx: Transaction): string {
  const { txId, nonce, txDigest, issue } = tx;
  const bound = { serverId: fromHex(world.given.serverId), txId: fromHex(txId), nonce, txDigest, issue };
  return deriveCode(world.given.secrets.code, bound, 6).reveal();
}

describe("one prompt", () => {
  test("notice without a code, then the code in its place, then SENT", async () => {
    const tx = aTransaction({ keyIds: [aKey("k").keyId] });
    const world = await withPrompt(tx);
    const phone = new Phone();
    const bot = attach(world, phone);
    await turn();
    expect(bot.handed.map(({ phase }) => phase)).toEqual([Phase.NOTICE, Phase.FULL]);
    const [notice, full] = bot.handed as [Deliver, Deliver];
    expect(notice).toMatchObject({ code: "", lines: [], tag: "", actionRef: "", providerId: "", peerId: "chat-a" });
    expect(full).toMatchObject({
      providerId: "m1",
      code: codeFor(world, tx),
      tag: "AMBER TIGER",
      phrase: "blue teapot",
      locale: "de",
      issuerName: "Acme Bank",
      lines: LINES,
      codeEntryOnHost: false,
    });
    expect(phone.messages).toHaveLength(1);
    expect(await world.delivery(tx.txId, chat)).toMatchObject({ state: "SENT", providerId: "m1", fence: 1 });
  });

  test("mode A: the code and the tag, no lines", async () => {
    const world = await withPrompt(aTransaction({ mode: "A" }));
    const phone = new Phone();
    attach(world, phone);
    await turn();
    expect(phone.messages[0]?.content).toMatchObject({ lines: [], tag: "AMBER TIGER" });
    expect(phone.withCode()).toHaveLength(1);
  });

  test("keys without keypad: the message says where the code is typed", async () => {
    const key = aKey("k", { hasKeypad: false, hasDisplay: false });
    const world = new World();
    await world.people([chat], [key]);
    await world.take(aTransaction({ mode: "C", keyIds: [key.keyId] }), created);
    const phone = new Phone();
    attach(world, phone);
    await turn();
    expect(phone.messages[0]?.content).toMatchObject({ codeEntryOnHost: true, lines: LINES });
  });

  test("check 15: no code in the store, its audit or the log; the audit holds the message's digest", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx);
    const phone = new Phone();
    attach(world, phone);
    await turn();
    const [code] = phone.codes;
    expect(code).toMatch(/^\d{6}$/);
    const audit = await world.store.audit(world.shard, 1, 1000);
    const kept = [await world.delivery(tx.txId, chat), await world.transaction(tx.txId), audit, world.logged];
    expect(JSON.stringify(kept, (_k, v: unknown) => (typeof v === "bigint" ? String(v) : v))).not.toContain(code);
    const handed = audit.flatMap(({ events }) => events).filter(({ event }) => event === "delivery.handed");
    expect(handed.map(({ detail }) => detail["messageDigest"])).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
  });

  test("the outcome takes the place of the code", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx);
    const phone = new Phone();
    attach(world, phone);
    await turn();
    await world.take({ ...tx, version: 2 }, [{ type: "notify", notice: { type: "EXPIRED", at: NOW }, final: true }]);
    await turn();
    expect(phone.messages).toHaveLength(1);
    expect(phone.messages[0]?.content).toMatchObject({ phase: Phase.OUTCOME, code: "", notice: { type: 9 } });
    expect(phone.withCode()).toHaveLength(0);
  });
});

describe("superseding", () => {
  test("a newer issue takes the place of one that is still queued: one code reaches the phone", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx);
    const newer = { ...tx, issue: { epoch: 1, n: 2 } };
    await world.take(newer, [{ type: "deliver-code", why: "resent" }]);
    const phone = new Phone();
    attach(world, phone);
    await turn();
    expect(phone.codes).toEqual([codeFor(world, newer)]);
  });

  test("a newer issue while the notice is at the bot: the notice becomes the newer code", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx);
    const phone = new Phone();
    const bot = attach(world, phone, silent);
    await turn();
    const newer = { ...tx, issue: { epoch: 1, n: 2 } };
    await world.take(newer, [{ type: "deliver-code", why: "resent" }]);
    await turn();
    expect(bot.handed).toHaveLength(1);
    await bot.sent(bot.handed[0] as Deliver);
    await turn();
    await bot.sent(bot.handed[1] as Deliver);
    expect(phone.messages).toHaveLength(1);
    expect(phone.codes).toEqual([codeFor(world, newer)]);
  });
});

describe("failures", () => {
  test("not sent: again after the provider's time, the whole identity waits", async () => {
    const world = await withPrompt();
    const phone = new Phone();
    let first = true;
    const bot = attach(world, phone, async (message, self) => {
      if (first) {
        first = false;
        return self.failed(message, "not-sent", 3000);
      }
      return self.sent(message);
    });
    await turn();
    const other = aTransaction({ txId: aTransaction().txId.slice(0, 30) + "99", tag: "OTHER TAG" });
    await world.take(other, created);
    await world.pass(2500);
    expect(bot.handed).toHaveLength(1);
    await world.pass(1000);
    expect(phone.withCode()).toHaveLength(2);
  });

  test("permanent: the link is dead and the next channel gets the same code at once", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx, [chat, matrix]);
    const [a, m] = [new Phone(), new Phone()];
    attach(world, a, (message, bot) => bot.failed(message, "permanent"));
    attach(world, m, good, { botId: matrixBot });
    await turn();
    expect(await world.link(chat)).toMatchObject({ state: "DEAD" });
    expect(await world.delivery(tx.txId, chat)).toMatchObject({ state: "FAILED", reason: "CHANNEL_BLOCKED_BY_USER" });
    expect(m.codes).toEqual([codeFor(world, tx)]);
    expect((await world.link(matrix))?.unanswered).toBe(1);
  });

  test("permanent, but not about the chat: the message fails, the link lives", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx, [chat, matrix]);
    const m = new Phone();
    attach(world, new Phone(), (message, bot) =>
      bot.engine.report(message.sequence, {
        type: "failed",
        fate: "permanent",
        reason: "CHANNEL_DOWN",
        retryAfterMs: 0,
      }),
    );
    attach(world, m, good, { botId: matrixBot });
    await turn();
    expect(await world.link(chat)).toMatchObject({ state: "LINKED" });
    expect(m.codes).toEqual([codeFor(world, tx)]);
  });

  test("claim 03: no report in the channel's time: the next channel gets the same code", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx, [chat, matrix]);
    const [a, m] = [new Phone(), new Phone()];
    attach(world, a, silent);
    attach(world, m, good, { botId: matrixBot });
    await world.pass(19_000);
    expect(m.codes).toEqual([]);
    await world.pass(2000);
    expect(m.codes).toEqual([codeFor(world, tx)]);
    expect(await world.delivery(tx.txId, chat)).toMatchObject({ state: "SENDING" });
  });

  test("a channel that sent in time needs no other", async () => {
    const world = await withPrompt(aTransaction(), [chat, matrix]);
    const [a, m] = [new Phone(), new Phone()];
    attach(world, a);
    attach(world, m, good, { botId: matrixBot });
    await world.pass(60_000, 5000);
    expect(a.withCode()).toHaveLength(1);
    expect(m.messages).toHaveLength(0);
  });

  test("UNDELIVERABLE when every attempt failed, and only then", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx, [chat, matrix]);
    attach(world, new Phone(), (message, bot) => bot.failed(message, "permanent"));
    await turn();
    expect(await world.transaction(tx.txId)).toMatchObject({ state: "PENDING" });
    attach(world, new Phone(), (message, bot) => bot.failed(message, "permanent"), { botId: matrixBot });
    await turn();
    expect(await world.transaction(tx.txId)).toMatchObject({ state: "UNDELIVERABLE", reason: "NO_CHANNEL" });
  });

  test("one UNKNOWN keeps it PENDING until it expires", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx, [chat]);
    attach(world, new Phone(), async (message, bot) =>
      message.phase === Phase.NOTICE ? bot.sent(message) : bot.failed(message, "unknown"),
    );
    await world.pass(125_000, 1000);
    const delivery = await world.delivery(tx.txId, chat);
    expect([delivery?.state, delivery?.retryAt]).toEqual(["UNKNOWN", undefined]);
    expect(await world.transaction(tx.txId)).toMatchObject({ state: "PENDING" });
  });

  test("no bot at all: FAILED 20 s before the end, then UNDELIVERABLE", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx);
    await world.pass(119_000, 1000);
    expect(await world.transaction(tx.txId)).toMatchObject({ state: "PENDING" });
    await world.pass(2000);
    expect(await world.delivery(tx.txId, chat)).toMatchObject({ state: "FAILED", reason: "CHANNEL_DOWN" });
    expect(await world.transaction(tx.txId)).toMatchObject({ state: "UNDELIVERABLE" });
  });

  test("no code leaves in the last 20 s: a bot that comes too late is handed nothing", async () => {
    const world = await withPrompt();
    world.clock.advance(120_001);
    const phone = new Phone();
    const bot = attach(world, phone);
    await turn();
    expect(bot.handed).toEqual([]);
  });

  test("the clock is looked at last: between the commit and the hand-out the moment passed", async () => {
    const world = await withPrompt();
    const late = { ...world.given, store: onCommit(world.given.store, () => world.clock.advance(121_000)) };
    const bot = attach({ given: late }, new Phone());
    await turn();
    expect(bot.handed).toEqual([]);
    expect(await world.delivery(aTransaction().txId, chat)).toMatchObject({ state: "FAILED" });
  });

  test("a chat that was removed gets no code", async () => {
    const tx = aTransaction();
    const world = await withPrompt(tx, [chat, matrix]);
    await world.put(
      world.shard,
      { type: "link", tenant: chat.tenantId, id: chat.linkId },
      { ...chat, state: "UNLINKED" },
    );
    const [a, m] = [new Phone(), new Phone()];
    attach(world, a);
    attach(world, m, good, { botId: matrixBot });
    await turn();
    expect(a.messages).toEqual([]);
    expect(m.withCode()).toHaveLength(1);
  });
});

describe("holders", () => {
  test("a late holder's commit meets the newer fence", async () => {
    const world = await withPrompt();
    const phone = new Phone();
    const old = attach(world, phone, silent);
    await turn();
    attach(world, phone, good, { fence: 2 });
    await world.pass(2000);
    expect(phone.withCode()).toHaveLength(1);
    await expect(old.sent(old.handed[0] as Deliver)).rejects.toThrow(StaleFenceError);
  });

  test("a holder whose lease is over hands nothing out", async () => {
    const world = await withPrompt();
    const bot = attach(world, new Phone());
    bot.holds = false;
    await turn();
    expect(bot.handed).toEqual([]);
  });

  test("a bot sees its own chats only", async () => {
    const world = await withPrompt(aTransaction(), [chat, matrix]);
    const bot = attach(world, new Phone(), good, { botId: matrixBot });
    await world.pass(5000);
    expect(bot.handed).toEqual([]);
    expect(BOT).not.toBe(matrixBot);
  });

  test("one chat gets one message at a time, in order", async () => {
    const world = await withPrompt();
    const second = aTransaction({ txId: aTransaction().txId.slice(0, 30) + "99" });
    world.clock.advance(1);
    await world.take(second, created);
    const phone = new Phone();
    const bot = attach(world, phone, silent);
    await turn();
    expect(bot.handed).toHaveLength(1);
    for (let i = 0; i < 4; i++) {
      await bot.sent(bot.handed[i] as Deliver);
      await turn();
    }
    expect(bot.handed.map(({ phase }) => phase)).toEqual([Phase.NOTICE, Phase.FULL, Phase.NOTICE, Phase.FULL]);
    expect(phone.withCode()).toHaveLength(2);
  });
});

/** Runs `after` once, when the first commit is done. */
function onCommit(store: CoreGiven["store"], after: () => void): CoreGiven["store"] {
  let done = false;
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "commit") return value.bind(target);
      return async (...args: Parameters<typeof store.commit>) => {
        const outcome = await target.commit(...args);
        if (!done) after();
        done = true;
        return outcome;
      };
    },
  });
}

test("a report that comes after its time still tells which message it is, and the chat goes on once", async () => {
  const tx = aTransaction({ policy: aPolicy({ channelTimeoutMs: 100_000 }) });
  const world = await withPrompt(tx);
  const phone = new Phone();
  let first = true;
  const bot = attach(world, phone, (message, self) => {
    if (!first) return self.sent(message);
    first = false;
    return undefined;
  });
  await turn();
  await world.pass(31_000, 1000);
  await bot.sent(bot.handed[0] as Deliver);
  await world.pass(2000);
  expect(phone.withCode()).toHaveLength(1);
  expect(new Set(phone.codes).size).toBe(1);
  expect(await world.delivery(tx.txId, chat)).toMatchObject({ state: "SENT" });
});

test("threat 11: a delivery whose transaction cannot be trusted is not shown, all others are, an alarm is raised", async () => {
  const bad = aTransaction({ txId: aTransaction().txId.slice(0, 30) + "66" });
  const world = await withPrompt(bad);
  const other = aLink("b");
  await world.people([chat, other]);
  await world.take(aTransaction(), created);
  const store = new Proxy(world.given.store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "load") return value.bind(target);
      return async (...args: Parameters<typeof target.load>) => {
        if (args.some((key) => typeof key === "object" && key.id === bad.txId)) throw new IntegrityError("edited");
        return target.load(...args);
      };
    },
  });
  const phone = new Phone();
  const bot = attach({ given: { ...world.given, store } }, phone);
  await turn();
  expect(bot.failures).toEqual([]);
  expect(phone.withCode().map(({ content }) => content.tag)).toEqual(["AMBER TIGER"]);
  expect(world.logged.filter((line) => line.includes("ALARM"))).toHaveLength(1);
});
