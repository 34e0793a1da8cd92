import { join } from "node:path";
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, expect, test } from "@jest/globals";
import { macKey, utf8 } from "@countersign/protocol";
import { NoticeType, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import { tempFolder } from "@countersign/testing";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { happen } from "../transaction/happen.ts";
import { ChannelWorld } from "./testing/channel-world.ts";

const folder = tempFolder();
let world: ChannelWorld;
afterEach(() => world.close());

test("check 15: prompt, resend, outcome over the durable store, and none of the codes in any of its files", async () => {
  const macs = macKey(utf8("K_store for tests, not for production"));
  const data = join(folder, "data");
  world = await ChannelWorld.open({
    open: (clock) => openSqliteStore({ folder: data, macKey: macs, clock }),
    // A shorter code is found by chance: among the hexadecimal ids, the times and the versions of so many bytes.
    policy: { lifetimeS: 590, digits: 10, highValueDigits: 10 },
  });
  const bot = await world.attached();
  const codes: string[] = [];
  for (let i = 0; i < 5; i++) {
    const tx = await world.core.pending();
    const full = await bot.until(() =>
      bot.delivered.findLast(({ tag, phase }) => tag === tx.tag && phase === Phase.FULL),
    );
    codes.push(full.code);
    world.core.clock.advance(60_000);
    bot.write({ $case: "beat", value: { fence: bot.fence } });
    await bot.next("beatAck");
    const { peerId, actionRef } = full;
    await bot.ask({ $case: "resend", value: { eventId: "", fence: 0n, peerId, actionRef } });
    const isNew = (code: string): boolean => code !== "" && !codes.includes(code);
    codes.push((await bot.until(() => bot.delivered.find(({ code }) => isNew(code)))).code);
    await happen(world.given, tx.txId, { type: "cancelled", by: "app", detail: "" }, "test");
    await bot.until(() =>
      bot.delivered.find(({ tag, notice }) => tag === tx.tag && notice?.type === NoticeType.CANCELLED),
    );
  }
  await world.given.store.close();
  const files = readdirSync(data).map((name) => readFileSync(join(data, name), "latin1"));
  expect(files.length).toBeGreaterThan(0);
  for (const code of codes) {
    expect(files.filter((bytes) => new RegExp(`(?<![0-9a-f])${code}(?![0-9a-f])`).test(bytes))).toEqual([]);
    expect(world.logged.join("\n")).not.toContain(code);
  }
});
