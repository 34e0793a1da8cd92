// A test message of an administrator to himself. docs/decisions/0028-why-no-code-came.md
import {
  AdminServiceSendTestMessageResponse,
  type AdminServiceSendTestMessageRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { alertKey } from "../delivery/delivery-key.ts";
import { alertWrites } from "../delivery/plan.ts";
import type { CoreGiven } from "../given.ts";
import { adminKey } from "../identity/entity-key.ts";
import type { Link } from "../identity/link.ts";
import { loadLinks } from "../identity/load-links.ts";
import type { Bot } from "../identity/tenant.ts";
import { actorOf, type AdminCaller } from "../rpc/caller.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, type UnixMs } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { unknown } from "./action-rule.ts";
import type { Admin } from "./admin.ts";
import { ADMINS } from "./change-directory.ts";
import { tellTest } from "./explain-delivery.ts";
import { loadTest } from "./load-test.ts";
import { loadBot } from "./program-rules.ts";
import { tenantOf } from "./tenant-of.ts";

/** Who clicks twice wants one message. */
const SAME_MS = 10_000;
const HOUR_MS = 3_600_000;
/** Of one administrator within an hour, over all his chats, sessions and cores: nobody's button is an SMS bill. */
export const MOST_TESTS = 12;

export async function sendTestMessage(
  given: CoreGiven,
  caller: AdminCaller,
  request: AdminServiceSendTestMessageRequest,
): Promise<AdminServiceSendTestMessageResponse | Refusal> {
  const tenant = await tenantOf(given, caller, request.tenantId);
  if (isRefusal(tenant)) return tenant;
  const bot = await loadBot(given, tenant.tenantId, request.botId);
  if (bot === undefined) return unknown("bot_id");
  const link = await ownChat(given, caller, bot);
  if (isRefusal(link)) return link;
  const id = await store(given, caller, bot, link);
  if (isRefusal(id)) return id;
  const delivery = await loadTest(given, caller.adminId, id);
  if (delivery === undefined) throw new Error("a test message that was stored a moment ago is not there");
  const channel = await tellTest(given, delivery);
  return AdminServiceSendTestMessageResponse.create({
    ...{ testMessageId: id, channel, throughOtherBot: link.botId !== bot.botId },
  });
}

/** At the very bot, else at one of its platform: an administrator's chats are at the administration's bots alone. */
async function ownChat(given: CoreGiven, { adminId: userId }: AdminCaller, bot: Bot): Promise<Link | Refusal> {
  const links = await loadLinks(given, { tenantId: ADMINISTRATION, userId });
  if (isRefusal(links)) return links;
  const linked = links.filter(({ state, platform }) => state === "LINKED" && platform === bot.platform);
  return linked.find(({ botId }) => botId === bot.botId) ?? linked[0] ?? noChat(bot);
}

function noChat({ platform }: Bot): Refusal {
  const advice = `You have no chat on ${platform}: link one at a bot of the administration (BeginOwnLink), then ask again.`;
  return refuse("NO_CHANNEL", advice, { metadata: { missing: "link" } });
}

/** Who he is, what he sent lately and the message are one commit, so that two that are sent at once are counted as two. */
function store(given: CoreGiven, caller: AdminCaller, bot: Bot, link: Link): Promise<string | Refusal> {
  return untilSettled(async () => {
    const name = adminKey(caller.adminId);
    const { entities, epoch, now } = await given.store.load(ADMINISTRATION_SHARD, name);
    const [{ body: admin, version: expected }] = entities;
    if (admin === undefined) throw new Error(`administrator ${caller.adminId} is not stored`);
    const lately = (admin.tests ?? []).filter(({ at }) => now - at < HOUR_MS);
    const same = lately.find(({ at, linkId }) => linkId === link.linkId && now - at < SAME_MS);
    if (same !== undefined) return alertKey(ADMINISTRATION, eventOf(same), link.linkId).id;
    if (lately.length >= MOST_TESTS) return tooMany(lately, now);
    const test = { linkId: link.linkId, at: now };
    const event = eventOf(test);
    const notice = { type: "TEST", at: now, detail: caller.adminId } as const;
    const detail = { bot: bot.botId, through: link.botId ?? "" };
    const subject = `admin:${caller.adminId}`;
    const body = { ...admin, tests: [...lately, test] };
    const outcome = await commitOnce(given, ADMINISTRATION_SHARD, {
      epoch,
      writes: [
        { key: name, expected, body, index: { owner: ADMINS, sort: admin.createdAt } },
        ...alertWrites([link], { event, notice }, now),
      ],
      audit: [{ event: "bot.tested", tenant: bot.tenantId, actor: actorOf(caller), subject, detail }],
    });
    return outcome === "committed" ? alertKey(ADMINISTRATION, event, link.linkId).id : undefined;
  });
}

type SentTest = NonNullable<Admin["tests"]>[number];

function eventOf({ linkId, at }: SentTest): string {
  return `test\0${linkId}\0${at}`;
}

function tooMany(lately: readonly SentTest[], now: UnixMs): Refusal {
  const retryAfterMs = Math.min(...lately.map(({ at }) => at)) + HOUR_MS - now;
  const advice = `You sent ${MOST_TESTS} test messages within an hour. ExplainDelivery tells what became of each.`;
  return refuse("RATE_LIMITED", advice, { retryAfterMs });
}
