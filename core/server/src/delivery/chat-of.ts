import type { CoreGiven } from "../given.ts";
import { linkKey, userKey } from "../identity/entity-key.ts";
import type { Link } from "../identity/link.ts";
import type { User } from "../identity/user.ts";
import { shardOfUser } from "../store/entity.ts";
import type { LoadedEntity } from "../store/store.ts";
import type { HeldCase } from "../transaction/case.ts";
import type { Delivery } from "./delivery.ts";

/** Whose chat a delivery is for. */
export interface DeliveryChat {
  readonly user: User | undefined;
  /** Of the chat; also one that was unlinked since. */
  readonly link: Link | undefined;
  /** All of the user's. */
  readonly links: readonly LoadedEntity<"link">[];
}

/** From the transaction's case where there is one; an alert of no transaction has its user and links loaded. */
export async function chatOf(given: CoreGiven, delivery: Delivery, held: HeldCase | undefined): Promise<DeliveryChat> {
  const { tenantId, linkId } = delivery;
  const { user, links } = held === undefined ? await loadPeople(given, delivery) : { ...held, user: held.user.body };
  const known = links.find(({ key }) => key.id === linkId)?.body;
  if (known !== undefined) return { user, link: known, links };
  const { entities } = await given.store.load(shardOfUser(tenantId, delivery.userId), linkKey(tenantId, linkId));
  return { user, link: entities[0].body, links };
}

async function loadPeople(
  given: CoreGiven,
  { tenantId, userId }: Delivery,
): Promise<{ user: User | undefined; links: readonly LoadedEntity<"link">[] }> {
  const shard = shardOfUser(tenantId, userId);
  const user = (await given.store.load(shard, userKey(tenantId, userId))).entities[0].body;
  const keys = (user?.linkIds ?? []).map((id) => linkKey(tenantId, id));
  return { user, links: keys.length === 0 ? [] : (await given.store.load(shard, ...keys)).entities };
}
