import { clearChat } from "../channel/withdraw-code.ts";
import type { CoreGiven } from "../given.ts";
import { isUnclaimed, linkIndex } from "../identity/link-index.ts";
import type { Found } from "../store/store.ts";
import { loadCase } from "../transaction/case.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { happen } from "../transaction/happen.ts";
import { consequenceOf, isOvertaken } from "./consequence.ts";
import { atMoment } from "./judge.ts";

/**
 * For the sweeper: a delivery or link whose `due` has come. A missing report makes a delivery UNKNOWN, a passed
 * fallbackAt asks the next channel, a passed notAfter ends it, a passed retryAt puts it back into its bot's lane; a link
 * whose token nobody used fails; codes go from a chat that was unlinked.
 */
export async function deliveryDue(given: CoreGiven, found: Found): Promise<void> {
  if (isOf(found, "delivery")) await untilSettled(() => deliveryMoment(given, found));
  if (isOf(found, "link")) await untilSettled(() => linkMoment(given, found));
  if (isOf(found, "link")) await clearLeft(given, found);
}

async function deliveryMoment(given: CoreGiven, { shard, key }: Found<"delivery">): Promise<true | undefined> {
  const { entities, epoch, now } = await given.store.load(shard, key);
  const [loaded] = entities;
  const before = loaded.body;
  if (before === undefined) return true;
  const held = before.txId === undefined ? undefined : await loadCase(given, before.txId);
  if (isOvertaken(loaded, held)) return undefined;
  const changed = atMoment(before, held?.transaction.body, now);
  const consequence = consequenceOf(loaded, changed, { held }, now);
  const { deliveryId, tenantId, txId, userId, platform, state } = changed;
  const subject = txId === undefined ? `user:${userId}` : `transaction:${txId}`;
  const detail = { delivery: deliveryId, platform, from: before.state, state };
  const audit = [{ event: "delivery.due", tenant: tenantId, actor: "core", subject, detail }] as const;
  const outcome = await commitOnce(given, shard, { epoch, writes: consequence.writes, audit });
  if (outcome !== "committed") return undefined;
  const { undeliverable: issue } = consequence;
  if (issue !== undefined && txId !== undefined) await happen(given, txId, { type: "undeliverable", issue }, "core");
  return true;
}

async function linkMoment(given: CoreGiven, { shard, key }: Found<"link">): Promise<true | undefined> {
  const { entities, epoch, now } = await given.store.load(shard, key);
  const [loaded] = entities;
  const link = loaded.body;
  if (link === undefined || !isUnclaimed(link) || now <= link.until) return true;
  const body = { ...link, state: "FAILED", failure: "EXPIRED" } as const;
  const outcome = await commitOnce(given, shard, {
    epoch,
    writes: [{ key, expected: loaded.version, body, index: linkIndex(body) }],
    audit: [
      {
        event: "link.expired",
        tenant: link.tenantId,
        actor: "core",
        subject: `user:${link.userId}`,
        detail: { link: link.linkId },
      },
    ],
  });
  return outcome === "committed" ? true : undefined;
}

async function clearLeft(given: CoreGiven, { shard, key }: Found<"link">): Promise<void> {
  const link = (await given.store.load(shard, key)).entities[0].body;
  if (link?.leavingAt !== undefined) await clearChat(given, link, "core");
}

function isOf<T extends "delivery" | "link">(found: Found, type: T): found is Found<T> {
  return found.key.type === type;
}
