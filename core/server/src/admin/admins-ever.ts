import type { CoreGiven } from "../given.ts";
import { administrationKey } from "../identity/entity-key.ts";
import { ADMINISTRATION_SHARD } from "../store/entity.ts";

/** How many people ever became administrators. It never falls: who disables all others is not alone again. */
export async function adminsEver({ store }: Pick<CoreGiven, "store">): Promise<number> {
  return (await store.load(ADMINISTRATION_SHARD, administrationKey)).entities[0].body?.adminsEver ?? 0;
}
