import type { CoreGiven } from "../given.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfUser, type HexId } from "../store/entity.ts";
import { loadUser, type UserName } from "./change-user.ts";
import { linkKey } from "./entity-key.ts";
import type { Link } from "./link.ts";

export const unknownLink: Refusal = refuse("NOT_FOUND", "link_id: the user has no such channel. List names them.");

/** A link of this user, whatever its state. Another tenant's or user's reads as unknown. */
export async function loadLink(given: CoreGiven, name: UserName, linkId: HexId): Promise<Link | Refusal> {
  if (!/^[0-9a-f]{32}$/.test(linkId)) return unknownLink;
  const { entities } = await given.store.load(shardOfUser(name.tenantId, name.userId), linkKey(name.tenantId, linkId));
  const link = entities[0].body;
  return link?.userId === name.userId ? link : unknownLink;
}

/** The user's channels in the order of delivery. */
export async function loadLinks(given: CoreGiven, name: UserName): Promise<Link[] | Refusal> {
  const user = await loadUser(given, name);
  if (isRefusal(user)) return user;
  const keys = user.linkIds.map((id) => linkKey(name.tenantId, id));
  const { entities } = await given.store.load(shardOfUser(name.tenantId, name.userId), ...keys);
  return entities.map(({ body }) => body).filter((body) => body !== undefined);
}
