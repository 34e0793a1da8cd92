// Why no code came, in one answer. docs/how-to/when-no-code-comes.md
import {
  AdminServiceExplainDeliveryResponse,
  ChannelFinding,
  TransactionFinding,
  type AdminServiceExplainDeliveryRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { Kind } from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import type { AdminCaller } from "../rpc/caller.ts";
import { leaseKey } from "../channel/lease.ts";
import { promptsOf } from "../code/prompts.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { loadUser } from "../identity/change-user.ts";
import { botKey } from "../identity/entity-key.ts";
import type { Link } from "../identity/link.ts";
import { loadKeys } from "../identity/load-keys.ts";
import { loadLinks } from "../identity/load-links.ts";
import type { Tenant } from "../identity/tenant.ts";
import type { User } from "../identity/user.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfKey, shardOfUser, type HexId, type UnixMs } from "../store/entity.ts";
import { ownerOf } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { explainAttempt } from "./explain-attempt.ts";
import type { BotStanding } from "./explain-bot.ts";
import { explainChannel, type Rules } from "./explain-channel.ts";
import { findingMessage, isTrouble, type Finding } from "./explain-finding.ts";
import { loadTest } from "./load-test.ts";
import { loadTransaction } from "./stop.ts";
import { tenantOf } from "./tenant-of.ts";
import { unknown } from "./action-rule.ts";

const NEWEST = 5;
const LATELY_MS = 24 * 3_600_000;
const MOST_AHEAD = 1000;

/** What every finding is judged on, read once. */
interface Facts {
  readonly user: User;
  readonly links: readonly Link[];
  readonly hasKey: boolean;
  readonly bots: ReadonlyMap<HexId, BotStanding>;
  /** By delivery: how many of its bot's stand before it. */
  readonly ahead: ReadonlyMap<HexId, number>;
  readonly now: UnixMs;
}

/** A channel with what is known of it. */
interface Found {
  readonly link: Pick<Link, "linkId" | "platform" | "botId">;
  readonly finding: Finding;
}

type About = NonNullable<AdminServiceExplainDeliveryRequest["about"]>;

export async function explainDelivery(
  given: CoreGiven,
  caller: AdminCaller,
  { tenantId, about }: AdminServiceExplainDeliveryRequest,
): Promise<AdminServiceExplainDeliveryResponse | Refusal> {
  if (about === undefined) return badInput("about", "name a user_id, a transaction_id or a test_message_id");
  if (about.$case === "testMessageId") return explainTest(given, caller, about.value);
  const tenant = await tenantOf(given, caller, tenantId);
  return isRefusal(tenant) ? tenant : explainPrompts(given, tenant, about);
}

async function explainTest(
  given: CoreGiven,
  { adminId }: AdminCaller,
  id: string,
): Promise<AdminServiceExplainDeliveryResponse | Refusal> {
  const found = await loadTest(given, adminId, id);
  if (found === undefined) return unknown("test_message_id");
  const channel = await tellTest(given, found);
  return AdminServiceExplainDeliveryResponse.create({ userId: adminId, finding: channel.finding, channels: [channel] });
}

/** How far a message of no transaction is. */
export async function tellTest(given: CoreGiven, delivery: Delivery): Promise<ChannelFinding> {
  const { botId, tenantId, deliveryId } = delivery;
  const bot = await loadBotStanding(given, tenantId, botId);
  const lane = await given.store.lane(botId, MOST_AHEAD);
  const ahead = Math.max(
    0,
    lane.findIndex(({ key }) => key.id === deliveryId),
  );
  return channelMessage({ link: delivery, finding: explainAttempt(delivery, { bot, ahead }, given.store.now()) });
}

async function explainPrompts(
  given: CoreGiven,
  tenant: Tenant,
  about: Exclude<About, { $case: "testMessageId" }>,
): Promise<AdminServiceExplainDeliveryResponse | Refusal> {
  const { tenantId } = tenant;
  const asked = about.$case === "transactionId" ? await loadTransaction(given, tenantId, about.value) : undefined;
  if (isRefusal(asked)) return asked;
  const userId = asked?.userId ?? about.value;
  const facts = await gather(given, { tenantId, userId });
  if (isRefusal(facts)) return facts;
  const transactions = asked === undefined ? await newest(given, facts) : [asked];
  const told = await Promise.all(transactions.map((one) => explainTransaction(given, facts, one)));
  const channels = facts.links.map((link) => ({ link, finding: standingOf(facts, link, nextRules(tenant)) }));
  const finding = explainUser(facts) ?? told[0]?.finding ?? worstOf(channels) ?? NOTHING_ASKED;
  return AdminServiceExplainDeliveryResponse.create({
    userId,
    finding: findingMessage(finding),
    channels: channels.map(channelMessage),
    transactions: told.map(({ message }) => message),
  });
}

const NOTHING_ASKED: Finding = { reason: "NO_TRANSACTION" };

async function gather(
  given: CoreGiven,
  name: { readonly tenantId: HexId; readonly userId: string },
): Promise<Facts | Refusal> {
  const user = await loadUser(given, name);
  if (isRefusal(user)) return user;
  const links = await loadLinks(given, user);
  if (isRefusal(links)) return links;
  const keys = await loadKeys(given, user, user.keyIds);
  const botIds = [...new Set(links.flatMap(({ botId }) => (botId === undefined ? [] : [botId])))];
  const bots = new Map<HexId, BotStanding>();
  const ahead = new Map<HexId, number>();
  for (const botId of botIds) {
    bots.set(botId, await loadBotStanding(given, name.tenantId, botId));
    const lane = await given.store.lane(botId, MOST_AHEAD);
    for (const [before, { key }] of lane.entries()) ahead.set(key.id, before);
  }
  const hasKey = keys.some(({ state }) => state === "ACTIVE");
  return { user, links, hasKey, bots, ahead, now: given.store.now() };
}

async function loadBotStanding(given: CoreGiven, tenantId: HexId, botId: HexId): Promise<BotStanding> {
  const [key, lease] = [botKey(tenantId, botId), leaseKey({ tenantId, botId })];
  const [bots, leases] = await Promise.all([
    given.store.load(shardOfKey(key), key),
    given.store.load(shardOfKey(lease), lease),
  ]);
  return { bot: bots.entities[0].body, lease: leases.entities[0].body };
}

/** His newest of the last day, newest first. */
async function newest({ store }: CoreGiven, { user, now }: Facts): Promise<Transaction[]> {
  const { tenantId, userId } = user;
  const shard = shardOfUser(tenantId, userId);
  const keys = await store.list(shard, "transaction", ownerOf(tenantId, userId), { tenant: "", limit: NEWEST });
  const { entities } = await store.load(shard, ...keys);
  return entities.flatMap(({ body }) => (body !== undefined && body.createdAt > now - LATELY_MS ? [body] : []));
}

/** What keeps every code from him; undefined: nothing. */
function explainUser({ user, links, hasKey }: Facts): Finding | undefined {
  if (user.state === "SUSPENDED") return { reason: "USER_SUSPENDED" };
  if (user.state === "FROZEN") return { reason: "USER_FROZEN" };
  if (user.state === "BLOCKED") return { reason: "USER_BLOCKED" };
  if (links.length === 0) return { reason: "NO_CHANNEL" };
  return hasKey ? undefined : { reason: "NO_KEY" };
}

async function explainTransaction(
  given: CoreGiven,
  facts: Facts,
  transaction: Transaction,
): Promise<{ readonly finding: Finding; readonly message: TransactionFinding }> {
  const { prompts } = await promptsOf(given, transaction);
  const found = [...facts.links.map((link) => channelOf(facts, link, transaction, prompts)), ...gone(facts, prompts)];
  const asked = new Set(prompts.map(({ linkId }) => linkId));
  const finding = summaryOf(found.filter(({ link }) => asked.has(link.linkId))) ?? worstOf(found) ?? NO_CHANNEL;
  const message = TransactionFinding.create({
    ...{ transactionId: transaction.txId, state: State[transaction.state], finding: findingMessage(finding) },
    ...{ createdAt: timestampOf(transaction.createdAt), channels: found.map(channelMessage) },
  });
  return { finding, message };
}

const NO_CHANNEL: Finding = { reason: "NO_CHANNEL" };

function channelOf(facts: Facts, link: Link, transaction: Transaction, prompts: readonly Delivery[]): Found {
  const attempt = prompts.find(({ linkId }) => linkId === link.linkId);
  if (attempt !== undefined) return { link, finding: explainOne(facts, attempt) };
  const { kind, action, policy } = transaction;
  const now = standingOf(facts, link, { kind, action, policy, highValue: policy.highValue });
  return { link, finding: now.reason === "READY" ? { reason: "OTHER_CHANNEL" } : now };
}

/** Chats that were unlinked since, and a LINK's own, which is no channel yet. */
function gone(facts: Facts, prompts: readonly Delivery[]): Found[] {
  const known = new Set(facts.links.map(({ linkId }) => linkId));
  const others = prompts.filter(({ linkId }) => !known.has(linkId));
  return others.map((link) => ({ link, finding: explainOne(facts, link) }));
}

function explainOne(facts: Facts, attempt: Delivery): Finding {
  const bot = facts.bots.get(attempt.botId) ?? NO_BOT;
  return explainAttempt(attempt, { bot, ahead: facts.ahead.get(attempt.deliveryId) ?? 0 }, facts.now);
}

const NO_BOT: BotStanding = { bot: undefined, lease: undefined };

function standingOf({ bots, now }: Facts, link: Link, rules: Rules): Finding {
  return explainChannel(link, rules, bots.get(link.botId ?? "") ?? NO_BOT, now);
}

/** Of what the app will ask next nobody knows the value. */
function nextRules({ policy }: Tenant): Rules {
  const { channels, assurance, unansweredPause } = policy;
  const frozen = { channels, unansweredPause, ...(assurance === undefined ? {} : { assurance }) };
  return { kind: Kind.PAY, action: undefined, policy: frozen, highValue: undefined };
}

/** What reached a phone, or may have, says more than the channels that failed before it. */
function summaryOf(found: readonly Found[]): Finding | undefined {
  for (const reason of ["REACHED", "SENT", "AT_BOT", "SENT_UNKNOWN"] as const) {
    const best = found.findLast(({ finding }) => finding.reason === reason);
    if (best !== undefined) return best.finding;
  }
  return found.at(-1)?.finding;
}

function worstOf(found: readonly Found[]): Finding | undefined {
  return found.find(({ finding }) => isTrouble(finding))?.finding;
}

function channelMessage({ link, finding }: Found): ChannelFinding {
  const { linkId, platform, botId = "" } = link;
  return ChannelFinding.create({ linkId, platform, botId, finding: findingMessage(finding) });
}
