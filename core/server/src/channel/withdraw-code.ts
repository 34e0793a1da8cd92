// The user left a chat: codes that stand there, or are on their way, go. docs/protocol/delivery.md section 7.
import type { CoreGiven } from "../given.ts";
import { deliveryKey } from "../delivery/delivery-key.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { deliveryWrite, isOpen } from "../delivery/delivery-index.ts";
import { nextChannel, type Channels } from "../delivery/next-channel.ts";
import { PLATFORM_TRAITS } from "../delivery/platform-trait.ts";
import { givenUp, isTouched, nextWish, TOLD_WITHIN_MS, withdrawn } from "../delivery/wish.ts";
import { changeLink, type LinkName } from "../identity/change-link.ts";
import { linkKey, userKey } from "../identity/entity-key.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { shardOfUser, type HexId, type UnixMs } from "../store/entity.ts";
import { loadCase, type HeldCase } from "../transaction/case.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";

/**
 * After a chat was unlinked, whoever did it: by the command, or by the sweeper, which also ends what a crash left. For each
 * of the user's open transactions, where the platform can, the message with the code becomes a line that the chat was
 * unlinked; the next channel is asked at once. Mail and SMS cannot take a message back.
 */
export async function clearChat(given: CoreGiven, name: LinkName, actor: string): Promise<void> {
  const { tenantId, userId, linkId } = name;
  const shard = shardOfUser(tenantId, userId);
  const { entities } = await given.store.load(shard, userKey(tenantId, userId), linkKey(tenantId, linkId));
  const [{ body: user }, { body: link }] = entities;
  if (user === undefined || link?.leavingAt === undefined) return;
  const txIds = [...user.open.map(({ txId }) => txId), ...(user.thaw === undefined ? [] : [user.thaw.txId])];
  for (const txId of txIds) {
    if (isRefusal(await untilSettled(() => withdrawCode(given, txId, linkId, actor)))) return;
  }
  await changeLink(given, name, { actor, event: "link.cleared" }, ({ leavingAt: _done, ...cleared }) => cleared);
}

async function withdrawCode(given: CoreGiven, txId: HexId, linkId: HexId, actor: string): Promise<true | undefined> {
  const held = await loadCase(given, txId);
  if (held === undefined || held.transaction.body.state !== "PENDING") return true;
  const { tenantId } = held.transaction.body;
  const { entities, now } = await given.store.load(held.shard, deliveryKey(tenantId, txId, linkId));
  const [loaded] = entities;
  if (loaded.body === undefined || loaded.body.wanted.phase !== "full") return true;
  const body = withoutCode(loaded.body, now);
  if (body === loaded.body) return true;
  const next = nextChannel(afterwards(held, linkId, body), now);
  const detail = { delivery: body.deliveryId, link: linkId };
  const audit = [
    { event: "delivery.unlinked", tenant: tenantId, actor, subject: `transaction:${txId}`, detail },
  ] as const;
  const writes = [deliveryWrite(loaded, body, now), ...(next?.writes ?? [])];
  const outcome = await commitOnce(given, held.shard, { epoch: held.epoch, writes, audit });
  return outcome === "committed" ? true : undefined;
}

function withoutCode(delivery: Delivery, now: UnixMs): Delivery {
  if (!isTouched(delivery)) return isOpen(delivery) ? withdrawn(delivery, "superseded", now) : delivery;
  if (PLATFORM_TRAITS[delivery.platform].tells === "every change") {
    const notice = { type: "UNLINKED", at: now, detail: delivery.platform } as const;
    const wanted = { phase: "outcome", notice, showsLines: false } as const;
    return nextWish(delivery, wanted, { notAfter: now + TOLD_WITHIN_MS }, now);
  }
  return isOpen(delivery) ? { ...givenUp(delivery, "superseded", now), fallbackAt: undefined } : delivery;
}

/** The user's channels without this one, as the commit leaves them. */
function afterwards(held: HeldCase, linkId: HexId, changed: Delivery): Channels {
  return {
    transaction: held.transaction.body,
    links: held.links.filter(({ key }) => key.id !== linkId),
    deliveries: held.deliveries.map((one) => (one.key.id === changed.deliveryId ? { ...one, body: changed } : one)),
  };
}
