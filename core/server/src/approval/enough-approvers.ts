// At Create: whether as many people as it takes could approve this at all. Nobody is prompted before.
import type { CoreGiven } from "../given.ts";
import { keyKey, linkKey, userKey } from "../identity/entity-key.ts";
import type { Tenant } from "../identity/tenant.ts";
import { evaluatePolicy } from "../policy/evaluate.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfUser } from "../store/entity.ts";
import { approversOf, neededOf } from "../transaction/approving.ts";
import type { FrozenContent } from "../transaction/frozen-content.ts";
import type { Transaction } from "../transaction/transaction.ts";

/** Why not; each approver is judged as if he were asked now: state, keys, display, channels. */
export async function whyTooFewApprovers(
  given: CoreGiven,
  tenant: Tenant,
  transaction: Transaction,
  content: FrozenContent,
): Promise<Refusal | undefined> {
  const rule = transaction.policy.approval;
  if (rule === undefined) return undefined;
  const able: string[] = [];
  const out: string[] = rule.users.filter((one) => one === transaction.userId).map((one) => `${one} asks for it`);
  for (const userId of approversOf(transaction)) {
    const why = await whyUnable(given, tenant, userId, transaction, content);
    if (why === undefined) able.push(userId);
    else out.push(`${userId}: ${why}`);
  }
  const needed = neededOf(rule);
  if (able.length >= needed) return undefined;
  return refuse(
    "POLICY_UNMET",
    `approvers: ${needed} of ${rule.users.join(", ")} have to confirm this as well, and ${able.length} could. ${out.join("; ")}`,
    { metadata: { needed: String(needed), able: String(able.length) } },
  );
}

async function whyUnable(
  given: CoreGiven,
  tenant: Tenant,
  userId: string,
  { kind, tenantId, policy }: Transaction,
  { fields, lines }: FrozenContent,
): Promise<string | undefined> {
  const shard = shardOfUser(tenantId, userId);
  const user = (await given.store.load(shard, userKey(tenantId, userId))).entities[0].body;
  if (user === undefined) return "there is no such user";
  if (user.state !== "ACTIVE") return `he is ${user.state}`;
  const names = user.keyIds.map((id) => keyKey(tenantId, id));
  const keys = bodiesOf((await given.store.load(shard, ...names)).entities);
  const chats = user.linkIds.map((id) => linkKey(tenantId, id));
  const links = bodiesOf((await given.store.load(shard, ...chats)).entities);
  const asked = { kind, fields, lines, keys, links, modeHint: undefined, lifetimeMs: undefined };
  const now = given.store.now();
  const judged = evaluatePolicy(tenant, { ...asked, assuranceHint: policy.assurance, now });
  return isRefusal(judged) ? judged.message : undefined;
}

function bodiesOf<T>(entities: readonly { readonly body: T | undefined }[]): T[] {
  return entities.flatMap(({ body }) => (body === undefined ? [] : [body]));
}
