// Each fault that the tests of the bots script, as its bot reports it: what an administrator is told.
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  AdminServiceListBotsRequest,
  DeliveryReason,
  type AdminServiceExplainDeliveryResponse,
  type Bot as BotMessage,
  type ChannelFinding,
} from "@countersign/proto/node/admin/v1/admin_service";
import { ChannelServiceClient, Fate } from "@countersign/proto/node/channel/v1/channel_service";
import { credentials } from "@grpc/grpc-js";
import { ScriptedBot, type Habit } from "../channel/testing/scripted-bot.ts";
import { botKey, peerKey, tokenKey } from "../identity/entity-key.ts";
import { newToken, tokenId } from "../rpc/token.ts";
import { shardOfKey, type HexId } from "../store/entity.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { call } from "../testing/call.ts";
import { reasonNamed, type FindingReason } from "./explain-finding.ts";

let world: ServedAdmins;
let client: ChannelServiceClient;
let token: string;
let bot: ScriptedBot | undefined;

beforeEach(async () => {
  world = await ServedAdmins.open();
  const { world: core } = world.admins;
  const { tenantId, botId, linkId, identity } = core;
  await core.put(peerKey(tenantId, botId, linkId), { ...identity, linkId });
  token = newToken("cs_bot_", core.given.random);
  await core.put(tokenKey(tokenId(token)), { kind: "bot", tenantId, botId });
  client = new ChannelServiceClient(world.served.address, credentials.createInsecure());
});
afterEach(async () => {
  bot?.kill();
  bot = undefined;
  client.close();
  await world.close();
});

async function attach(habit: Habit): Promise<ScriptedBot> {
  bot = new ScriptedBot(client, token, habit);
  await bot.hello();
  return bot;
}

const explain = (txId: HexId): Promise<AdminServiceExplainDeliveryResponse> =>
  call(
    world.client,
    "explainDelivery",
    { tenantId: "", about: { $case: "transactionId", value: txId } },
    world.anna.token,
  );

async function channelOf(txId: HexId): Promise<ChannelFinding> {
  const { transactions } = await explain(txId);
  const [only] = transactions[0]?.channels ?? [];
  if (only === undefined) throw new Error("no channel was told");
  return only;
}

/** Once the core has taken the report. */
async function told(txId: HexId): Promise<ChannelFinding["finding"]> {
  for (;;) {
    const { finding } = await channelOf(txId);
    const isUnderWay = finding?.reason === DeliveryReason.AT_BOT || finding?.reason === DeliveryReason.WAITING;
    if (!isUnderWay) return finding;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Fault {
  /** As the bots' own tests call it. */
  readonly fault: string;
  readonly fate: Fate;
  readonly detail: string;
  readonly reason?: string;
  readonly retryAfterMs?: number;
  readonly told: FindingReason;
}

const { NOT_SENT, UNKNOWN, PERMANENT } = Fate;
const BLOCKED = "CHANNEL_BLOCKED_BY_USER";
const FAULTS: readonly Fault[] = [
  // bots/telegram: provider-faults, telegram-channel, tls, transport
  { fault: "telegram: blocked (403)", fate: PERMANENT, detail: "blocked", reason: BLOCKED, told: "PEER_GONE" },
  { fault: "telegram: chat not found", fate: PERMANENT, detail: "chat-not-found", reason: BLOCKED, told: "PEER_GONE" },
  { fault: "telegram: the notice was deleted", fate: PERMANENT, detail: "gone", told: "PEER_GONE" },
  { fault: "telegram: 429", fate: NOT_SENT, detail: "rate-limited", retryAfterMs: 35_000, told: "RATE_LIMITED" },
  {
    fault: "telegram: 429 for longer",
    fate: NOT_SENT,
    detail: "rate-limited",
    retryAfterMs: 9e5,
    told: "RATE_LIMITED",
  },
  { fault: "telegram: 401", fate: NOT_SENT, detail: "http-401", told: "PROVIDER_REFUSED" },
  { fault: "telegram: 409", fate: NOT_SENT, detail: "http-409", told: "PROVIDER_REFUSED" },
  { fault: "telegram: 400", fate: NOT_SENT, detail: "http-400", told: "PROVIDER_REFUSED" },
  { fault: "telegram: 502", fate: UNKNOWN, detail: "http-502", told: "PROVIDER_UNREACHABLE" },
  { fault: "telegram: a page", fate: UNKNOWN, detail: "malformed-answer", told: "PROVIDER_UNREACHABLE" },
  { fault: "telegram: cut", fate: UNKNOWN, detail: "reset", told: "PROVIDER_UNREACHABLE" },
  { fault: "telegram: drips", fate: UNKNOWN, detail: "timeout", told: "PROVIDER_UNREACHABLE" },
  { fault: "telegram: nobody listens", fate: NOT_SENT, detail: "connect", told: "PROVIDER_UNREACHABLE" },
  // bots/matrix: matrix-limit, session, send-failure, matrix-conduct
  { fault: "matrix: homeserver down", fate: NOT_SENT, detail: "connect", told: "PROVIDER_UNREACHABLE" },
  { fault: "matrix: 503", fate: UNKNOWN, detail: "http-503", told: "PROVIDER_UNREACHABLE" },
  { fault: "matrix: M_FORBIDDEN", fate: PERMANENT, detail: "blocked", reason: BLOCKED, told: "PEER_GONE" },
  { fault: "matrix: nobody in the room", fate: PERMANENT, detail: "gone", told: "PEER_GONE" },
  { fault: "matrix: no crypto yet", fate: NOT_SENT, detail: "not-ready", told: "BOT_NOT_READY" },
  { fault: "matrix: no device to encrypt for", fate: PERMANENT, detail: "not-encrypted", told: "BOT_NOT_READY" },
  {
    ...{ fault: "matrix: other identity", fate: PERMANENT, detail: "identity-changed" },
    ...{ reason: "CHANNEL_IDENTITY_CHANGED", told: "IDENTITY_CHANGED" },
  },
  // bots/mail: mail-channel, kill-points, tls
  { fault: "mail: 4xx", fate: NOT_SENT, detail: "smtp-451", told: "PROVIDER_REFUSED" },
  { fault: "mail: login refused", fate: NOT_SENT, detail: "smtp-535", told: "PROVIDER_REFUSED" },
  { fault: "mail: closing", fate: NOT_SENT, detail: "smtp-421", retryAfterMs: 2000, told: "PROVIDER_UNREACHABLE" },
  { fault: "mail: no such mailbox", fate: PERMANENT, detail: "smtp-550", reason: BLOCKED, told: "PEER_GONE" },
  { fault: "mail: refused", fate: PERMANENT, detail: "smtp-554", told: "PROVIDER_REFUSED" },
  { fault: "mail: certificate", fate: NOT_SENT, detail: "connect", told: "PROVIDER_UNREACHABLE" },
  // bots/sms: gateway-channel, smpp-channel
  { fault: "sms: gateway 403", fate: NOT_SENT, detail: "http-403", told: "PROVIDER_REFUSED" },
  { fault: "sms: no such number", fate: PERMANENT, detail: "smpp-11", reason: BLOCKED, told: "PEER_GONE" },
  { fault: "sms: throttled", fate: NOT_SENT, detail: "smpp-88", retryAfterMs: 1000, told: "RATE_LIMITED" },
  { fault: "sms: SMSC broke down", fate: UNKNOWN, detail: "smpp-8", told: "PROVIDER_UNREACHABLE" },
  {
    ...{ fault: "sms: does not fit", fate: PERMANENT, detail: "does-not-fit" },
    ...{ reason: "CHANNEL_DOES_NOT_FIT", told: "DOES_NOT_FIT" },
  },
  // bots/kit: the desk itself
  { fault: "bot: shutting down", fate: NOT_SENT, detail: "shutting-down", retryAfterMs: 1000, told: "BOT_NOT_READY" },
  { fault: "bot: an error of its own", fate: UNKNOWN, detail: "bug", told: "BOT_NOT_READY" },
  { fault: "bot: from before it says", fate: NOT_SENT, detail: "", told: "PROVIDER_REFUSED" },
  { fault: "bot: text of a provider", fate: NOT_SENT, detail: "Forbidden: 123456", told: "PROVIDER_REFUSED" },
];

test.each(FAULTS)("$fault: $told", async ({ fate, detail, reason, retryAfterMs, told: expected }) => {
  await attach((deliver, one) => one.failed(deliver, fate, reason, retryAfterMs, detail));
  const { txId } = await world.admins.world.pending();
  const finding = await told(txId);
  expect(reasonNamed(finding?.reason)).toBe(expected);
  expect(finding?.detail).toBe(/^[a-z]+(-[a-z0-9]+)*$/.test(detail) ? detail : "");
  expect([finding?.text === "", finding?.advice === ""]).toEqual([false, false]);
});

test("what a bot's provider did last is listed with the bot, also once it is gone", async () => {
  const { given, tenantId, botId } = world.admins.world;
  const key = botKey(tenantId, botId);
  const [held] = (await given.store.load(shardOfKey(key), key)).entities;
  const index = { owner: tenantId };
  await world.admins.world.commit(shardOfKey(key), [{ key, expected: held.version, body: held.body, index }]);
  const request = AdminServiceListBotsRequest.create({ tenantId });
  const listed = async (): Promise<BotMessage | undefined> =>
    (await call(world.client, "listBots", request, world.anna.token)).bots[0];
  expect(await listed()).toMatchObject({ lastFailure: "", lastSentAt: undefined, detachedSince: undefined });
  const one = await attach((deliver, it) => it.failed(deliver, NOT_SENT, "CHANNEL_DOWN", 0, "http-403"));
  await told((await world.admins.world.pending()).txId);
  await one.close();
  bot = undefined;
  let found = await listed();
  while (found?.attached !== false) {
    await new Promise((resolve) => setImmediate(resolve));
    found = await listed();
  }
  expect(found).toMatchObject({ lastFailure: "http-403", lastSentAt: undefined });
  const at = BigInt(Math.floor(given.store.now() / 1000));
  expect([found.lastFailedAt?.seconds, found.detachedSince?.seconds]).toEqual([at, at]);
});
