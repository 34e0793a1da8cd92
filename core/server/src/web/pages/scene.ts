// For tests and pictures: a bank on whose pages there is something of everything.
import { INSTALLATION } from "../../admin/tenant-of.ts";
import { leaseKey } from "../../channel/lease.ts";
import type { BotHealth } from "../../channel/bot-health.ts";
import { deliveryWrite } from "../../delivery/delivery-index.ts";
import { deliveryKey } from "../../delivery/delivery-key.ts";
import { botKey, tenantKey, userKey } from "../../identity/entity-key.ts";
import { userEntryWrite } from "../../identity/create-user.ts";
import type { Bot } from "../../identity/tenant.ts";
import type { User } from "../../identity/user.ts";
import { beginApproval } from "../../approval/begin-approval.ts";
import { outboxDue } from "../../approval/due.ts";
import { parsePolicy } from "../../policy/policy-document.ts";
import { isRefusal, type Refusal } from "../../rpc/refusal.ts";
import { shardOfKey, shardOfTransaction, shardOfUser, type HexId } from "../../store/entity.ts";
import {
  type CoreWorld,
  drawHexId,
  type Identity,
  newTestKey,
  payment,
  type TestKey,
} from "../../testing/core-world.ts";
import { happen } from "../../transaction/happen.ts";
import type { Transaction } from "../../transaction/transaction.ts";
import { submitStatement } from "../../verification/submit-statement.ts";
import { addWebhook, keepMessage } from "./webhook-scene.ts";

/** A bot that lists find. */
export async function addBot(core: CoreWorld, bot: Partial<Bot> & Pick<Bot, "name" | "platform">): Promise<HexId> {
  const { tenantId } = core;
  const body: Bot = { botId: drawHexId(), tenantId, disabled: false, deepLink: "", ...bot };
  const key = botKey(tenantId, body.botId);
  await core.commit(shardOfKey(key), [{ key, expected: "", body, index: { owner: tenantId } }]);
  return body.botId;
}

/** As if a process of it were there, or had been `goneMs` ago. */
export async function attach(core: CoreWorld, botId: HexId, health: BotHealth, goneMs = -1e9): Promise<void> {
  const until = core.given.store.now() - goneMs;
  await core.put(leaseKey({ tenantId: core.tenantId, botId }), {
    botId,
    fence: 1,
    until,
    counts: { minutes: [], health },
  });
}

/** The bot that a CoreWorld has from the beginning is in no list. */
export async function listFirstBot(core: CoreWorld): Promise<void> {
  const key = botKey(core.tenantId, core.botId);
  const { entities } = await core.given.store.load(shardOfKey(key), key);
  const [{ version: expected, body }] = entities;
  await core.commit(shardOfKey(key), [{ key, expected, body, index: { owner: core.tenantId } }]);
}

/** A user with a key and a chat, whom lists find. */
export async function addUser(
  core: CoreWorld,
  userId: string,
): Promise<{ readonly of: Identity; readonly key: TestKey }> {
  const of = { tenantId: core.tenantId, userId };
  const key = newTestKey();
  await core.addUser(of, key, drawHexId());
  await listUser(core, of);
  return { of, key };
}

/** The user that a CoreWorld has from the beginning is in no list. */
export async function listUser(core: CoreWorld, of: Identity = core.identity): Promise<void> {
  await core.commit(shardOfUser(of.tenantId, of.userId), [userEntryWrite(await core.user(of))]);
}

function sure<T extends object>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw new Error(`${answer.refused}: ${answer.message}`);
  return answer;
}

/** His key signs it. */
export async function confirm(core: CoreWorld, of: Transaction, key: TestKey = core.key): Promise<void> {
  sure(await submitStatement(core.given, { txId: of.txId, tenantId: core.tenantId, signed: core.signed(of, {}, key) }));
}

/** His key signs something else. */
export async function tamper(core: CoreWorld, of: Transaction): Promise<void> {
  const signed = core.signed(of, { txDigest: new Uint8Array(32).fill(0xa7) });
  await submitStatement(core.given, { txId: of.txId, tenantId: core.tenantId, signed });
}

/** The app begins to carry it out; with an outcome it reports, too. */
export async function carryOut(core: CoreWorld, of: Transaction, detail?: string): Promise<void> {
  const { given, appId } = core;
  const claim = { type: "claimed", claimId: "claim", appId, leaseMs: 60_000, idempotent: false } as const;
  await happen(given, of.txId, { ...claim, txDigest: of.txDigest }, `app:${appId}`);
  await happen(given, of.txId, { type: "begun", appId, fence: 1 }, `app:${appId}`);
  if (detail === undefined) return;
  const report = { type: "reported", appId, fence: 1, outcome: "EXECUTED", detail } as const;
  await happen(given, of.txId, report, `app:${appId}`);
}

/** Changes what the core believes of a user. */
export async function changeUser(core: CoreWorld, of: Identity, change: Partial<User>): Promise<void> {
  const shard = shardOfUser(of.tenantId, of.userId);
  const { entities } = await core.given.store.load(shard, userKey(of.tenantId, of.userId));
  const [{ key, version: expected, body }] = entities;
  await core.commit(shard, [{ key, expected, body: { ...(body as User), ...change } }]);
}

/** As when the provider said no for good. */
export async function failDelivery(core: CoreWorld, { txId }: Transaction, linkId: HexId): Promise<void> {
  const shard = shardOfTransaction(txId);
  const { entities, now } = await core.given.store.load(shard, deliveryKey(core.tenantId, txId, linkId));
  const [loaded] = entities;
  if (loaded.body === undefined) throw new Error("nothing was delivered");
  const body = { ...loaded.body, state: "FAILED", reason: "CHANNEL_DOWN", retryAt: undefined } as const;
  await core.commit(shard, [deliveryWrite(loaded, body, now)]);
}

/** From an amount on the treasurer and the director approve, too; the document keeps its version. */
async function askForOthers(core: CoreWorld): Promise<void> {
  const key = tenantKey(core.tenantId);
  const { entities } = await core.given.store.load(shardOfKey(key), key);
  const [{ version: expected, body }] = entities;
  if (body === undefined) throw new Error("there is no tenant");
  const from = [{ currency: "EUR", minorUnits: "1000000" }];
  const rule = { users: ["treasurer", "director"], needed: 2, kinds: ["PAY"], from };
  const policy = parsePolicy({ approvers: [rule] });
  await core.commit(shardOfKey(key), [{ key, expected, body: { ...body, policy }, index: { owner: INSTALLATION } }]);
}

/** What one shard has to tell another, until everybody was told. */
async function tellAll({ given }: CoreWorld): Promise<void> {
  const outbox = async () => (await given.store.due(given.store.now(), 100)).filter(({ key }) => key.type === "outbox");
  for (let waiting = await outbox(); waiting.length > 0; waiting = await outbox()) {
    for (const one of waiting) await outboxDue(given, one as Parameters<typeof outboxDue>[1]);
  }
}

const MUCH = payment(1_075_000);

/** Confirmed by who asked for it and by the treasurer; the director's key is missing. */
async function waitForOthers(core: CoreWorld): Promise<Transaction> {
  const treasurer = await addUser(core, "treasurer");
  await addUser(core, "director");
  await askForOthers(core);
  const own = await core.pending({ fields: MUCH });
  await confirm(core, own);
  await tellAll(core);
  const { tenantId } = core;
  const asked = { tenantId, parentId: own.txId, userId: "treasurer", actor: `app:${core.appId}` };
  const { transaction } = sure(await beginApproval(core.given, asked));
  await confirm(core, transaction, treasurer.key);
  await tellAll(core);
  return own;
}

/** Transactions of a scene, by what became of them. */
export interface Scene {
  readonly executed: Transaction;
  readonly tampered: Transaction;
  readonly unknown: Transaction;
  readonly cancelled: Transaction;
  readonly pending: Transaction;
  /** PARTIAL: one of two others has approved. */
  readonly partial: Transaction;
  /** An endpoint with messages in every state; a second one is paused. */
  readonly endpointId: HexId;
}

const MINUTE = 60_000;

/** Bots in every state, users, and transactions that ended in several ways. */
export async function furnish(core: CoreWorld): Promise<Scene> {
  const now = core.given.store.now();
  await listFirstBot(core);
  await attach(core, core.botId, { sentAt: now - 4_000 });
  const mail = await addBot(core, { name: "mail-bot", platform: "mail" });
  await attach(
    core,
    mail,
    { sentAt: now - 50 * MINUTE, failedAt: now - 12 * MINUTE, failure: "smtp-535" },
    11 * MINUTE,
  );
  const pausedBy = { actor: "admin:bob", at: now - 5 * MINUTE };
  const matrix = await addBot(core, { name: "matrix-bot", platform: "matrix", paused: true, pausedBy });
  await attach(core, matrix, { sentAt: now - 6 * MINUTE });
  await addBot(core, { name: "sms-bot", platform: "sms", disabled: true });
  await listUser(core);
  for (const userId of ["anton.huber", "yusuf", "zoe@example.org"]) await addUser(core, userId);
  const executed = await core.pending();
  await confirm(core, executed);
  await carryOut(core, executed, "booking 2026-4711");
  core.clock.advance(4 * MINUTE);
  const tampered = await core.pending();
  await tamper(core, tampered);
  const unknown = await core.pending();
  await confirm(core, unknown);
  await carryOut(core, unknown);
  core.clock.advance(2 * MINUTE);
  await happen(core.given, unknown.txId, { type: "time-came" }, "core");
  const cancelled = await core.pending();
  await happen(core.given, cancelled.txId, { type: "cancelled", by: "app", detail: "ordered twice" }, "app:desk");
  core.clock.advance(2 * MINUTE);
  const partial = await waitForOthers(core);
  const pending = await core.pending();
  const endpointId = await furnishWebhooks(core, executed);
  return { executed, tampered, unknown, cancelled, pending, partial, endpointId };
}

async function furnishWebhooks(core: CoreWorld, { txId }: Transaction): Promise<HexId> {
  const shop = await addWebhook(core, { url: "https://shop.example/countersign", description: "orders of the shop" });
  const events = ["transaction.executed", "transaction.tampered"];
  const alarm = await addWebhook(core, { url: "https://alarm.example/", events, paused: true });
  const told = { transactionId: txId, attempts: 1 };
  await keepMessage(core, shop, { ...told, state: "DELIVERED", lastResult: "2xx", lastStatus: 204 });
  await keepMessage(core, shop, { ...told, state: "PENDING", attempts: 3, lastResult: "5xx", lastStatus: 503 });
  await keepMessage(core, shop, { ...told, state: "DEAD", attempts: 17, lastResult: "timeout", lastStatus: 0 });
  await keepMessage(core, alarm, { ...told, state: "DEAD", attempts: 17, lastResult: "refused", lastStatus: 0 });
  return shop.endpointId;
}
