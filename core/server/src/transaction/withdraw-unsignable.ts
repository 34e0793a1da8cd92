import type { CoreGiven } from "../given.ts";
import type { User } from "../identity/user.ts";
import { shardOfUser } from "../store/entity.ts";
import { happen } from "./happen.ts";
import { loadSigners } from "./signers.ts";
import { transactionKey } from "./transaction-key.ts";

/**
 * Ends the user's open transactions that no key can sign any more: who revokes his key is not asked for it for minutes
 * yet. `user` is as the revocation left him: a Create that came later has seen it. A crash in between leaves them to
 * expire; nobody can confirm them.
 */
export async function withdrawUnsignable(given: CoreGiven, user: User, actor: string): Promise<void> {
  const { tenantId, userId } = user;
  const txIds = [...user.open, ...(user.thaw === undefined ? [] : [user.thaw])].map(({ txId }) => txId);
  if (txIds.length === 0) return;
  const { entities } = await given.store.load(shardOfUser(tenantId, userId), ...txIds.map(transactionKey));
  for (const { body } of entities) {
    if (body?.state !== "PENDING") continue;
    const { keys } = await loadSigners(given, body);
    if (keys.length === 0) await happen(given, body.txId, { type: "keys-revoked" }, actor);
  }
}
