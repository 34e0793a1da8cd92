// A test message of an administrator to himself. docs/decisions/0028-why-no-code-came.md
import {
  AdminServiceSendTestMessageResponse,
  type AdminServiceSendTestMessageRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { alertKey } from "../delivery/delivery-key.ts";
import { alertWrites } from "../delivery/plan.ts";
import type { CoreGiven } from "../given.ts";
import type { Link } from "../identity/link.ts";
import { loadLinks } from "../identity/load-links.ts";
import type { Bot } from "../identity/tenant.ts";
import { actorOf, type AdminCaller } from "../rpc/caller.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { unknown } from "./action-rule.ts";
import { tellTest } from "./explain-delivery.ts";
import { loadTest } from "./load-test.ts";
import { loadBot } from "./program-rules.ts";
import { tenantOf } from "./tenant-of.ts";

/** Who clicks twice wants one message. */
const SAME_MS = 10_000;

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
  const now = given.store.now();
  const event = `test\0${link.linkId}\0${Math.floor(now / SAME_MS)}`;
  const { id } = alertKey(ADMINISTRATION, event, link.linkId);
  const stored = await store(given, caller, { bot, link, event });
  if (isRefusal(stored)) return stored;
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

function store(
  given: CoreGiven,
  caller: AdminCaller,
  { bot, link, event }: { readonly bot: Bot; readonly link: Link; readonly event: string },
): Promise<true | Refusal> {
  return untilSettled(async () => {
    const key = alertKey(ADMINISTRATION, event, link.linkId);
    const { entities, epoch, now } = await given.store.load(ADMINISTRATION_SHARD, key);
    if (entities[0].body !== undefined) return true;
    const notice = { type: "TEST", at: now, detail: caller.adminId } as const;
    const detail = { bot: bot.botId, through: link.botId ?? "" };
    const subject = `admin:${caller.adminId}`;
    const outcome = await commitOnce(given, ADMINISTRATION_SHARD, {
      epoch,
      writes: alertWrites([link], { event, notice }, now),
      audit: [{ event: "bot.tested", tenant: bot.tenantId, actor: actorOf(caller), subject, detail }],
    });
    return outcome === "committed" ? true : undefined;
  });
}
