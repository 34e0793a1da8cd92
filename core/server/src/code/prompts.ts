import type { Delivery } from "../delivery/delivery.ts";
import type { CoreGiven } from "../given.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";

/** More than the chats of any user, so that a page holds every attempt. */
const MOST_DELIVERIES = 256;

/** What a transaction's deliveries are found by. */
export interface PromptsOf {
  readonly txId: HexId;
  readonly tenantId: HexId;
}

/** Every attempt to deliver the code, in the order in which they were made; alerts are no attempts. */
export async function promptsOf(
  given: CoreGiven,
  { txId, tenantId }: PromptsOf,
): Promise<{ readonly prompts: readonly Delivery[]; readonly epoch: number }> {
  const shard = shardOfTransaction(txId);
  const keys = await given.store.list(shard, "delivery", txId, { tenant: tenantId, limit: MOST_DELIVERIES });
  const { entities, epoch } = await given.store.load(shard, ...keys);
  const bodies = entities.map(({ body }) => body).filter((body) => body !== undefined);
  return { prompts: bodies.filter(({ type }) => type === "prompt").toReversed(), epoch };
}
