import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { Kind, Label, macKey, utf8 } from "@countersign/protocol";
import { Assurance } from "@countersign/proto/node/core/v1/content";
import { NoticeType } from "@countersign/proto/node/channel/v1/channel_service";
import { tempFolder } from "@countersign/testing";
import { ChannelWorld } from "../channel/testing/channel-world.ts";
import { beginLink, confirmLink, linkTransaction, listChannels, type BeginOver } from "../channel/testing/linking.ts";
import type { ScriptedBot } from "../channel/testing/scripted-bot.ts";
import { shardOfKey } from "../store/entity.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { drawHexId, newTestKey, type WorldOptions } from "../testing/core-world.ts";
import { beginLink as beginByCall } from "./begin-link.ts";

const ADDRESS = "erika@example.com";
const HOUR_MS = 3_600_000;
const policy = { channels: ["sandbox", "mail", "sms", "telegram"] };
const macs = macKey(utf8("K_store for tests, not for production"));
const folder = tempFolder();

let world: ChannelWorld;
afterEach(() => world.close());

async function open(over: WorldOptions = {}): Promise<ScriptedBot> {
  world = await ChannelWorld.open({ policy, ...over });
  return attach();
}

/** A mail bot of the tenant. */
async function attach(platform: "mail" | "sms" = "mail"): Promise<ScriptedBot> {
  const bot = world.bot(await world.botToken(drawHexId(), platform));
  await bot.hello(platform);
  return bot;
}

function begin(over: BeginOver = {}) {
  return beginLink(world, { platform: "mail", address: ADDRESS, ...over });
}

async function addUser(userId: string): Promise<string> {
  await world.core.addUser({ tenantId: world.core.tenantId, userId }, newTestKey(), drawHexId());
  return userId;
}

describe.each([
  ["memory", undefined],
  [
    "sqlite",
    (clock: Parameters<NonNullable<WorldOptions["open"]>>[0]) =>
      openSqliteStore({ folder: join(folder, drawHexId()), macKey: macs, clock }),
  ],
])("over the %s store", (_name, openStore) => {
  test("check 19: the LINK goes to the address at once, and to nothing else; the key signs; older channels are told", async () => {
    const bot = await open(openStore === undefined ? {} : { open: openStore });
    const phone = await world.attached();
    const begun = await begin({ address: "Erika@EXAMPLE.com" });
    expect(begun).toMatchObject({ linkToken: "", deepLink: "" });
    const tx = await linkTransaction(world, begun.linkId);
    expect(tx).toMatchObject({ kind: Kind.LINK, state: "PENDING", createdBy: "core" });
    const full = await bot.code();
    expect(full).toMatchObject({
      peerId: "Erika@example.com",
      lines: [
        { label: Label.CHANNEL, value: "mail" },
        { label: Label.ADDRESS, value: "Erika@example.com" },
      ],
      phrase: "",
    });
    // What is asked for is told, and nothing of it: the code and the lines go to the address alone.
    const asked = await phone.until(() => phone.delivered[0]);
    expect(asked).toMatchObject({ code: "", lines: [], notice: { type: NoticeType.LINK_ASKED, detail: "mail" } });
    expect(phone.delivered).toHaveLength(1);
    await world.confirm(tx, full.code);
    expect(await world.link(begun.linkId)).toMatchObject({
      state: "LINKED",
      heldUntil: world.given.store.now() + 24 * HOUR_MS,
    });
    expect(await listChannels(world)).toMatchObject([
      { platform: "sandbox", assurance: Assurance.HIGH },
      { platform: "mail", peerId: "Erika@example.com", assurance: Assurance.LOW },
    ]);
    const told = await phone.until(() => phone.delivered.find(({ notice }) => notice?.type === NoticeType.LINKED));
    expect(told).toMatchObject({ peerId: world.core.linkId, notice: { detail: "mail" } });
  });

  test("threat 25: three an hour and five a day of a user", async () => {
    await open(openStore === undefined ? {} : { open: openStore });
    await world.core.changeUser({ linkIds: [world.core.linkId] });
    const taken: number[] = [];
    let last = 0;
    for (const hour of [0, 1, 2, 24, 25]) {
      await world.pass((hour - last) * HOUR_MS);
      last = hour;
      for (let i = 0; i < 4; i++) {
        const done = await begin({ address: `a${hour}.${i}@example.com` }).then(
          () => true,
          (error: { code: number }) => {
            expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
            return false;
          },
        );
        if (done) taken.push(hour);
      }
    }
    expect(taken).toEqual([0, 0, 0, 1, 1, 24, 24, 24, 25, 25]);
  });
});

describe("BeginLink by address", () => {
  test.each([
    ["no address for mail", { address: "" }],
    ["a bad mail address", { address: "erika@localhost" }],
    ["a mail address for a phone", { platform: "sms" }],
    ["an address for a chat", { platform: "telegram" }],
    ["an address for the sandbox", { platform: "sandbox" }],
  ])("refuses %s, and stores nothing", async (_name, over) => {
    await open();
    await expect(begin(over)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await world.core.audited("link.made")).toBe(0);
  });

  test("check 24: mail and SMS are off until the policy names them", async () => {
    await open({ policy: {} });
    await expect(begin()).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test("a platform whose bot was never attached is unavailable, with advice", async () => {
    world = await ChannelWorld.open({ policy });
    await expect(begin()).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining("Start it"),
    });
  });

  test("a bot that was switched off is none", async () => {
    const bot = await open();
    const begun = await begin();
    const { botId } = await world.link(begun.linkId);
    const key = { type: "bot", tenant: world.core.tenantId, id: botId ?? "" } as const;
    const { entities } = await world.given.store.load(shardOfKey(key), key);
    const body = { ...entities[0].body, disabled: true } as NonNullable<(typeof entities)[0]["body"]>;
    await world.core.commit(shardOfKey(key), [{ key, expected: entities[0].version, body }]);
    await bot.ended();
    await expect(begin({ address: "other@example.com" })).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test("the same request_id gives the same answer and sends nothing anew; another address under it is refused", async () => {
    const bot = await open();
    const first = await begin({ requestId: "twice" });
    await bot.code();
    expect(await begin({ requestId: "twice" })).toEqual(first);
    await expect(begin({ requestId: "twice", address: "eve@example.com" })).rejects.toMatchObject({
      code: status.ALREADY_EXISTS,
    });
    await confirmLink(world, first.linkId);
    expect(await begin({ requestId: "twice" })).toEqual(first);
    expect(bot.phone.codes).toHaveLength(1);
  });

  test("threat 20: an occupied address is refused in the same words, whoever has it", async () => {
    await open();
    const mallory = await addUser("mallory");
    const begun = await begin();
    const refusals = await Promise.all(
      [begin(), begin({ userId: mallory })].map((one) =>
        one.then(
          () => "taken",
          ({ code, details }: { code: number; details: string }) => ({ code, details }),
        ),
      ),
    );
    expect(refusals[0]).toEqual(refusals[1]);
    expect(refusals[0]).toMatchObject({ code: status.ALREADY_EXISTS });
    await confirmLink(world, begun.linkId);
    world.core.clock.advance(HOUR_MS);
    await expect(begin({ userId: mallory })).rejects.toMatchObject(refusals[1] as object);
  });

  test("two users name one address at the same moment: one of them", async () => {
    await open();
    const users = ["one", "two", "three"];
    for (const userId of users) await addUser(userId);
    const outcomes = await Promise.allSettled(users.map((userId) => begin({ userId })));
    expect(outcomes.filter(({ status: outcome }) => outcome === "fulfilled")).toHaveLength(1);
  });

  test("threat 25: three an hour for an address, over all users and spellings", async () => {
    await open();
    const spellings = ["erika@example.com", "Erika@example.com", "erika+1@example.com", "erika+2@example.com"];
    const outcomes: string[] = [];
    for (const [i, address] of spellings.entries()) {
      const userId = await addUser(`user${i}`);
      outcomes.push(
        await begin({ userId, address }).then(
          () => "OK",
          ({ code }: { code: number }) => String(code),
        ),
      );
    }
    expect(outcomes).toEqual(["OK", "OK", "OK", String(status.RESOURCE_EXHAUSTED)]);
  });

  test("asking for addresses that others have is counted too", async () => {
    await open();
    await begin();
    const mallory = await addUser("mallory");
    const codes: number[] = [];
    for (const address of [ADDRESS, ADDRESS, "free@example.com", "also.free@example.com"]) {
      codes.push(
        await begin({ userId: mallory, address }).then(
          () => status.OK,
          ({ code }: { code: number }) => code,
        ),
      );
    }
    const { ALREADY_EXISTS, OK, RESOURCE_EXHAUSTED } = status;
    expect(codes).toEqual([ALREADY_EXISTS, ALREADY_EXISTS, OK, RESOURCE_EXHAUSTED]);
  });

  test("a user who is not active links no address", async () => {
    await open();
    await world.core.changeUser({ state: "FROZEN" });
    await expect(begin()).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  });

  test("a LINK that nobody signs frees the address", async () => {
    const bot = await open();
    const begun = await begin();
    await bot.code();
    await world.pass(600_000);
    expect(await world.link(begun.linkId)).toMatchObject({ state: "FAILED", failure: "EXPIRED" });
    expect(await begin()).toMatchObject({ linkToken: "" });
  });

  test("an SMS goes to the number in E.164", async () => {
    world = await ChannelWorld.open({ policy });
    const bot = await attach("sms");
    await beginLink(world, { platform: "sms", address: "+49 170 1234567" });
    expect(await bot.code()).toMatchObject({ peerId: "+491701234567" });
  });
});

/** A store that dies before its n-th commit; at n and a half, right after it. */
function dying(store: Store, at: number): Store {
  let count = 0;
  const commit: Store["commit"] = async (shard, change) => {
    count += 1;
    if (count === at) throw new Error("killed before");
    const outcome = await store.commit(shard, change);
    if (count === at + 0.5) throw new Error("killed after");
    return outcome;
  };
  return new Proxy(store, { get: (of, name) => (name === "commit" ? commit : bound(of, name)) });
}

function use(requestId: string) {
  const { tenantId, appId: by } = world.core;
  return { tenantId, by, rpc: "link.begin", requestId, bodyHash: new Uint8Array(32) };
}

function bound(of: Store, name: string | symbol): unknown {
  const value: unknown = Reflect.get(of, name);
  return typeof value === "function" ? (value as (...args: unknown[]) => unknown).bind(of) : value;
}

test("check 14: killed before or after any of its commits, the same call finishes it: one link, one LINK, one count", async () => {
  const bot = await open();
  let at = 0.5;
  for (let killed = true; killed;) {
    at += 0.5;
    const userId = await addUser(`user${at}`);
    const asked = { userId, platform: "mail", address: `user${at}@example.com` };
    const given = { ...world.given, store: dying(world.given.store, at) };
    killed = await beginByCall(given, use(`kill ${at}`), asked).then(
      () => false,
      () => true,
    );
    const begun = await beginByCall(world.given, use(`kill ${at}`), asked);
    expect(begun).not.toHaveProperty("refused");
    const found = await bot.until(() => bot.phone.messages.filter(({ peerId }) => peerId === asked.address).at(0));
    expect(found.content.code).toMatch(/^\d{6}$/);
    expect(bot.phone.messages.filter(({ peerId }) => peerId === asked.address)).toHaveLength(1);
  }
  expect(at).toBeGreaterThan(7);
});
