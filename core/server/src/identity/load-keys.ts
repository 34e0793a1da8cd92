import type { CoreGiven } from "../given.ts";
import { shardOfUser, type HexId } from "../store/entity.ts";
import type { LoadedEntity } from "../store/store.ts";
import { keyKey } from "./entity-key.ts";
import type { Key } from "./key.ts";
import type { User } from "./user.ts";

/** Keys of a user with the versions that a change of them has to name. */
export async function loadKeyEntities(
  given: CoreGiven,
  { tenantId, userId }: Pick<User, "tenantId" | "userId">,
  keyIds: readonly HexId[],
): Promise<(LoadedEntity<"key"> & { readonly body: Key })[]> {
  const keys = [...new Set(keyIds)].map((id) => keyKey(tenantId, id));
  const { entities } = await given.store.load(shardOfUser(tenantId, userId), ...keys);
  return entities.flatMap((entity) => (entity.body === undefined ? [] : [{ ...entity, body: entity.body }]));
}

export async function loadKeys(
  given: CoreGiven,
  user: Pick<User, "tenantId" | "userId">,
  keyIds: readonly HexId[],
): Promise<Key[]> {
  return (await loadKeyEntities(given, user, keyIds)).map(({ body }) => body);
}

/** Whether an older key has to sign for a new one: who lost his last key does not come back by this door. */
export function hadKey(keys: readonly Key[]): boolean {
  return keys.some(({ state, neverActive }) => state === "ACTIVE" || (state === "REVOKED" && neverActive !== true));
}
