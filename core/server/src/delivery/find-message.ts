import { recentTransactions, type Chat } from "../channel/chat.ts";
import type { CoreGiven } from "../given.ts";
import type { EntityKey } from "../store/entity.ts";
import type { DeliveryPlace } from "./advance.ts";
import { deliveryKey } from "./delivery-key.ts";

/** A provider tells within days, of what is among the user's newest. */
const RECENT = 32;
const RECENT_ALERTED = 8;
const MOST_ALERTS = 64;

/** The delivery of this chat whose message the provider calls so, if any: its prompts first, then its alerts. */
export async function findMessage(
  given: CoreGiven,
  chat: Chat,
  providerId: string,
): Promise<DeliveryPlace | undefined> {
  const { shard, link } = chat;
  if (providerId === "") return undefined;
  const txIds = (await recentTransactions(given, chat, RECENT)).map(({ txId }) => txId);
  const prompts = txIds.map((txId) => deliveryKey(link.tenantId, txId, link.linkId));
  const found = await findAmong(given, chat, prompts, providerId);
  if (found !== undefined) return found;
  for (const owner of [link.userId, ...txIds.slice(0, RECENT_ALERTED)]) {
    const page = { tenant: link.tenantId, limit: MOST_ALERTS };
    const keys = await given.store.list(shard, "delivery", owner, page);
    const alert = await findAmong(given, chat, keys, providerId);
    if (alert !== undefined) return alert;
  }
  return undefined;
}

async function findAmong(
  given: CoreGiven,
  { shard, link }: Chat,
  keys: readonly EntityKey<"delivery">[],
  providerId: string,
): Promise<DeliveryPlace | undefined> {
  const { entities } = await given.store.load(shard, ...keys);
  const held = entities.find(({ body }) => body?.linkId === link.linkId && body.providerId === providerId);
  return held && { shard, key: held.key };
}
