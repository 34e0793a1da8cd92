import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ChannelServiceClient } from "@countersign/proto/node/channel/v1/channel_service";
import { RejectReason } from "@countersign/proto/node/core/v1/content";
import { credentials } from "@grpc/grpc-js";
import { ScriptedBot } from "../channel/testing/scripted-bot.ts";
import { peerKey, tokenKey } from "../identity/entity-key.ts";
import { tokenId } from "../rpc/token.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { call } from "../testing/call.ts";

let world: ServedAdmins;
let channel: ChannelServiceClient;
let bot: ScriptedBot;
let botToken: string;

beforeEach(async () => {
  world = await ServedAdmins.open();
  const { world: core } = world.admins;
  const { tenantId, botId, linkId } = core;
  botToken = world.draw("cs_bot_");
  await core.put(tokenKey(tokenId(botToken)), { kind: "bot", tenantId, botId });
  await core.put(peerKey(tenantId, botId, linkId), { ...core.identity, linkId });
  channel = new ChannelServiceClient(world.served.address, credentials.createInsecure());
  bot = new ScriptedBot(channel, botToken);
  await bot.hello();
});
afterEach(async () => {
  bot.kill();
  channel.close();
  await world.close();
});

const beat = async (): Promise<void> => {
  bot.write({ $case: "beat", value: { fence: bot.fence } });
  await bot.next("beatAck");
};

test("a paused bot is handed nothing and goes on to hear; resumed by a key it gets what waits", async () => {
  const { admins, client, anna } = world;
  const { world: core } = admins;
  const { botId } = core;
  await call(client, "pauseBot", { tenantId: "", botId }, anna.token);
  const { tag } = await core.pending();
  await beat();
  const stopped = await core.pending();
  const veto = {
    eventId: "",
    fence: 0n,
    peerId: core.linkId,
    actionRef: "",
    tag: stopped.tag,
    reason: RejectReason.UNSPECIFIED,
  };
  await bot.ask({ $case: "veto", value: veto });
  expect((await core.transaction(stopped.txId)).state).toBe("REJECTED");
  expect(bot.delivered).toEqual([]);
  expect((await core.deliveries()).length).toBeGreaterThan(0);
  await admins.confirm(anna, await admins.request(client, anna, { $case: "resumeBot", value: { botId } }));
  const shown = await bot.until(() => bot.phone.withCode().find(({ content }) => content.tag === tag));
  expect(shown.content.code).toMatch(/^\d{6}$/);
});

test("a bot that attaches while it is paused is handed nothing either", async () => {
  const { admins, client, anna } = world;
  const { botId } = admins.world;
  await call(client, "pauseBot", { tenantId: "", botId }, anna.token);
  await bot.close();
  bot = new ScriptedBot(channel, botToken);
  await bot.hello();
  await admins.world.pending();
  await beat();
  expect(bot.delivered).toEqual([]);
});

test("a disabled bot's stream ends", async () => {
  const { client, anna, admins } = world;
  await call(client, "disableBot", { tenantId: "", botId: admins.world.botId }, anna.token);
  expect((await bot.ended())?.code).toBe(16);
});
