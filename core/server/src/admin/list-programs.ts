// Apps and bots of a tenant for a list: found by the index, loaded from the store.
import type { CoreGiven } from "../given.ts";
import { findPrograms } from "../read-model/find-programs.ts";
import { readModelOf } from "../read-model/read-model.ts";
import { shardOfKey, type Bodies, type HexId } from "../store/entity.ts";
import { everyOwned } from "./every-owned.ts";

/** For lists alone: what decides (whether a name is taken, say) asks the store itself. */
export async function programsOf<T extends "app" | "bot">(
  given: CoreGiven,
  type: T,
  tenantId: HexId,
): Promise<Bodies[T][]> {
  const ids = await readModelOf(given).use((file) => findPrograms(file, type, tenantId));
  if (ids === undefined) return everyOwned(given, type, { tenant: tenantId, owner: tenantId });
  // Beside a tenant's bots there is an alias of each platform's newest one (channel/deep-link.ts): no further bot.
  const loaded = ids.filter(isOwnId).map(async (id) => {
    const key = { type, tenant: tenantId, id } as const;
    return (await given.store.load(shardOfKey(key), key)).entities[0].body;
  });
  return (await Promise.all(loaded)).filter((body) => body !== undefined);
}

function isOwnId(id: string): boolean {
  return /^[0-9a-f]{32}$/.test(id);
}
