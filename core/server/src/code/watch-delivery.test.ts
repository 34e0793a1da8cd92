import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import { Fate } from "@countersign/proto/node/channel/v1/channel_service";
import {
  DeliveryEventType,
  type CodeServiceWatchDeliveryResponse,
  type DeliveryEvent,
} from "@countersign/proto/node/core/v1/code_service";
import { tempFolder, type FakeClock } from "@countersign/testing";
import { ChannelWorld } from "../channel/testing/channel-world.ts";
import { idle, type ScriptedBot } from "../channel/testing/scripted-bot.ts";
import { openMemoryStore } from "../store/memory-store.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { Reading } from "../testing/core-server.ts";
import { drawHexId } from "../testing/core-world.ts";
import { happen } from "../transaction/happen.ts";

let world: ChannelWorld;
afterEach(() => world.close());

const folder = tempFolder();
const STORES: Readonly<Record<string, (clock: FakeClock) => Promise<Store>>> = {
  memory: async (clock) => openMemoryStore({ clock }),
  SQLite: (clock) =>
    openSqliteStore({ folder: join(folder, drawHexId()), macKey: macKey(new Uint8Array(32).fill(8)), clock }),
};

type Told = CodeServiceWatchDeliveryResponse;

function watch(transactionId: string, cursor = ""): Reading<Told> {
  return new Reading(world.codes.watchDelivery({ transactionId, cursor }, world.app));
}

async function take(stream: Reading<Told>, count: number): Promise<Told[]> {
  const told: Told[] = [];
  while (told.length < count) {
    const next = await stream.next();
    if (next === undefined) throw new Error(`the stream ended after ${told.length} of ${count}`);
    told.push(next);
  }
  return told;
}

async function rest(stream: Reading<Told>): Promise<Told[]> {
  const told: Told[] = [];
  for (let next = await stream.next(); next !== undefined; next = await stream.next()) told.push(next);
  return told;
}

function eventsOf(told: readonly Told[]): DeliveryEvent[] {
  return told.map(({ event }) => event as DeliveryEvent);
}

const NAMES = new Map<number, string>(Object.entries(DeliveryEventType).map(([name, number]) => [number, name]));

function typesOf(told: readonly Told[]): string[] {
  return eventsOf(told).map(({ type }) => NAMES.get(type) ?? "");
}

const LIFE = ["QUEUED", "HANDED", "NOTICE_SENT", "HANDED", "SENT", "QUEUED", "HANDED", "EDITED"];

async function secondBot(): Promise<ScriptedBot> {
  const botId = drawHexId();
  const bot = world.bot(await world.botToken(botId));
  await bot.hello();
  await world.addLink(botId, "sandbox");
  return bot;
}

describe.each(Object.keys(STORES))("over the %s store", (name) => {
  test("a whole life, from the first event to the outcome in the chat; then the stream ends", async () => {
    world = await ChannelWorld.open({ open: STORES[name]! });
    await world.attached();
    const { txId } = await world.core.pending();
    const stream = watch(txId);
    const told = await take(stream, 5);
    await happen(world.given, txId, { type: "cancelled", by: "app", detail: "" }, "test");
    told.push(...(await rest(stream)));
    expect(typesOf(told)).toEqual(LIFE);
    expect(eventsOf(told).map(({ issue }) => issue)).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    expect(eventsOf(told).every(({ linkId, platform }) => linkId === world.core.linkId && platform === "sandbox")).toBe(
      true,
    );
    // Whoever comes later is told the same, and the end.
    expect(await rest(watch(txId))).toEqual(told);
  });

  test("goes on behind every cursor, over two channels, and never names code, chat or provider", async () => {
    world = await ChannelWorld.open({ open: STORES[name]! });
    await world.attached((deliver, self) => self.failed(deliver, Fate.PERMANENT, "CHANNEL_DOES_NOT_FIT"));
    const second = await secondBot();
    const tx = await world.core.pending();
    const { code, peerId } = await second.code();
    const stream = watch(tx.txId);
    const told = await take(stream, 8);
    await happen(world.given, tx.txId, { type: "cancelled", by: "app", detail: "" }, "test");
    told.push(...(await rest(stream)));
    expect(typesOf(told)).toEqual(["QUEUED", "HANDED", "FAILED", ...LIFE]);
    expect(eventsOf(told)[2]).toMatchObject({ reason: "CHANNEL_DOES_NOT_FIT", issue: 1, linkId: world.core.linkId });
    expect(new Set(eventsOf(told).map(({ eventId }) => eventId)).size).toBe(told.length);
    for (const [at, { cursor }] of told.entries()) {
      expect(await rest(watch(tx.txId, cursor))).toEqual(told.slice(at + 1));
    }
    const text = JSON.stringify(told, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    for (const secret of [code, peerId, "m1"]) expect(text).not.toContain(`"${secret}"`);
  });
});

test("waits for the last message also after the transaction ended", async () => {
  world = await ChannelWorld.open();
  const bot = await world.attached();
  const { txId } = await world.core.pending();
  await bot.code();
  const stream = watch(txId);
  await take(stream, 5);
  await bot.close();
  await happen(world.given, txId, { type: "cancelled", by: "app", detail: "" }, "test");
  expect(typesOf(await take(stream, 1))).toEqual(["QUEUED"]);
  await world.attached();
  expect(typesOf(await rest(stream))).toEqual(["HANDED", "EDITED"]);
});

test("is at an end at once where the transaction ended and nothing was ever shown", async () => {
  world = await ChannelWorld.open();
  await world.attached(idle);
  const { txId } = await world.core.pending();
  const stream = watch(txId);
  await take(stream, 1);
  world.core.clock.advance(3_600_000);
  await world.pass(0);
  const told = typesOf(await rest(stream));
  expect(told.at(-1)).toMatch(/^(?:FAILED|WITHDRAWN)$/);
});

test("check 28: another tenant's transaction reads as unknown, another stream's cursor is refused", async () => {
  world = await ChannelWorld.open();
  const { txId } = await world.core.pending();
  const wrong = Buffer.from("w1.1.1").toString("base64url");
  await expect(watch(txId, wrong).next()).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  await expect(watch("not an id").next()).rejects.toMatchObject({ code: status.NOT_FOUND });
  const other = drawHexId();
  await world.core.addTenant(other, "Other Bank");
  const { token } = await world.core.addApp(other, "submit");
  world.app.set("authorization", `Bearer ${token}`);
  await expect(watch(txId).next()).rejects.toMatchObject({ code: status.NOT_FOUND });
});
