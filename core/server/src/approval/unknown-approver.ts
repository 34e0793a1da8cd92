// Whom the rules name and the tenant does not have: a name that was mistyped would be found by the first payment.
import { userKey } from "../identity/entity-key.ts";
import type { Policy } from "../policy/policy.ts";
import { shardOfUser, type HexId } from "../store/entity.ts";
import type { Store } from "../store/store.ts";

/** The first of them, by his place in the document. */
export interface UnknownApprover {
  /** Such as `approvers.0.users.1`. */
  readonly place: string;
  readonly userId: string;
}

export async function unknownApprover(
  store: Store,
  tenantId: HexId,
  { approvers = [] }: Pick<Policy, "approvers">,
): Promise<UnknownApprover | undefined> {
  const known = new Set<string>();
  for (const [rule, { users }] of approvers.entries()) {
    for (const [i, userId] of users.entries()) {
      if (known.has(userId)) continue;
      const { entities } = await store.load(shardOfUser(tenantId, userId), userKey(tenantId, userId));
      if (entities[0].body === undefined) return { place: `approvers.${rule}.users.${i}`, userId };
      known.add(userId);
    }
  }
  return undefined;
}
