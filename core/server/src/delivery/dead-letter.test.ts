// What remains of deliveries that failed: reasons, and nothing of what they were to say.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import { Fate } from "@countersign/proto/node/channel/v1/channel_service";
import { tempFolder } from "@countersign/testing";
import { ChannelWorld } from "../channel/testing/channel-world.ts";
import type { ScriptedBot } from "../channel/testing/scripted-bot.ts";
import { codeOf } from "../code/derive.ts";
import { promptsOf } from "../code/prompts.ts";
import { SHARDS, type EntityKey } from "../store/entity.ts";
import { openMemoryStore } from "../store/memory-store.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { drawHexId } from "../testing/core-world.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { timelineOf } from "./timeline.ts";

let world: ChannelWorld;
afterEach(() => world.close());

const folder = join(tempFolder(), "store");
const TEN_DIGITS = { digits: 10, highValueDigits: 10 };
const PROVIDER_TEXT = "provider says 403: canary of a provider";

/** Everything that ever stood in a store, read through its port. */
async function everythingIn(store: Store): Promise<string> {
  const kept: unknown[] = [];
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const entries = await store.audit(shard, 1, 10_000);
    const keys = entries.flatMap(({ versions }) => versions.map(([type, tenant, id]) => ({ type, tenant, id })));
    kept.push(entries, (await store.load(shard, ...(keys as EntityKey[]))).entities);
  }
  return JSON.stringify(kept, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
    return typeof value === "bigint" ? String(value) : value;
  });
}

function bytesInFiles(): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "latin1"))
    .join("\n");
}

/** Takes the notice, and refuses the code in the provider's own words. */
function refuseCode(deliver: Parameters<ScriptedBot["sent"]>[0], bot: ScriptedBot): void {
  if (deliver.code === "") return bot.sent(deliver);
  return bot.failed(deliver, Fate.PERMANENT, PROVIDER_TEXT);
}

/** Two chats, and every attempt fails with the code in the bot's hands. */
async function failEverywhere(): Promise<Transaction> {
  const botId = drawHexId();
  const bot = world.bot(await world.botToken(botId), refuseCode);
  await bot.hello();
  await world.addLink(botId, "sandbox");
  const tx = await world.core.pending();
  const first = await world.attached(refuseCode);
  await first.until(() => first.delivered.find(({ code }) => code !== ""));
  await bot.until(() => bot.delivered.find(({ code }) => code !== ""));
  for (;;) {
    const { prompts } = await promptsOf(world.given, tx);
    if (prompts.length === 2 && prompts.every(({ state }) => state === "FAILED")) return tx;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function expectNothingOf(code: string, kept: string): void {
  const ascii = Buffer.from(code, "latin1");
  expect(code).toMatch(/^\d{10}$/);
  const forms = [code, `${code.slice(0, 5)} ${code.slice(5)}`, ascii.toString("hex"), ascii.toString("base64url")];
  for (const form of [...forms, PROVIDER_TEXT, "canary"]) expect(kept.includes(form)).toBe(false);
}

async function expectReasons(tx: Transaction): Promise<void> {
  const { prompts } = await promptsOf(world.given, tx);
  for (const prompt of prompts) {
    expect(prompt).toMatchObject({ state: "FAILED", reason: "CHANNEL_DOWN" });
    expect(timelineOf(prompt).at(-1)).toMatchObject({ type: "FAILED", reason: "CHANNEL_DOWN", issue: 1 });
    // Nothing of the transaction's text, its tag or the user's phrase either.
    const text = JSON.stringify(prompt);
    for (const said of [tx.tag, "blue teapot", "Müller", "EUR"]) expect(text.includes(said)).toBe(false);
  }
}

test("check 15: memory store, all that was ever written: no code, no provider's text", async () => {
  world = await ChannelWorld.open({ open: async (clock) => openMemoryStore({ clock }), policy: TEN_DIGITS });
  const tx = await failEverywhere();
  await expectReasons(tx);
  const kept = await everythingIn(world.given.store);
  expect(kept).toContain(tx.txId);
  expectNothingOf(codeOf(world.given, tx, tx.issue).reveal(), kept);
});

test("check 15: SQLite store, the bytes of its files: no code, no provider's text", async () => {
  const key = macKey(new Uint8Array(32).fill(8));
  world = await ChannelWorld.open({
    open: (clock) => openSqliteStore({ folder, macKey: key, clock }),
    policy: TEN_DIGITS,
  });
  const tx = await failEverywhere();
  await expectReasons(tx);
  const code = codeOf(world.given, tx, tx.issue).reveal();
  const open = bytesInFiles();
  expect(open).toContain(tx.txId);
  expectNothingOf(code, open);
  expectNothingOf(code, world.logged.join("\n"));
  await world.given.store.close();
  expectNothingOf(code, bytesInFiles());
});
