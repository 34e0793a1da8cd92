// Test messages of administrators: alerts of no transaction, to their own chats alone.
import type { Delivery } from "../delivery/delivery.ts";
import type { CoreGiven } from "../given.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD } from "../store/entity.ts";

/** His own; another administrator's is as unknown as none. */
export async function loadTest(
  { store }: Pick<CoreGiven, "store">,
  adminId: string,
  id: string,
): Promise<Delivery | undefined> {
  if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
  const key = { type: "delivery", tenant: ADMINISTRATION, id } as const;
  const { body } = (await store.load(ADMINISTRATION_SHARD, key)).entities[0];
  const isHis = body?.tenantId === ADMINISTRATION && body.userId === adminId;
  return isHis && body.wanted.phase === "alert" && body.wanted.notice.type === "TEST" ? body : undefined;
}
