// What another document would have made of transactions that were created lately.
import { setImmediate as nextTurn } from "node:timers/promises";
import { decodeContent, Mode } from "@countersign/protocol";
import {
  AdminServiceSimulatePolicyResponse,
  Difference,
  type AdminServiceSimulatePolicyRequest,
  type DifferingMember,
} from "@countersign/proto/node/admin/v1/admin_service";
import type { CoreGiven } from "../given.ts";
import { loadUser } from "../identity/change-user.ts";
import { loadKeys } from "../identity/load-keys.ts";
import { loadLinks } from "../identity/load-links.ts";
import type { Tenant } from "../identity/tenant.ts";
import { adviceOn } from "../policy/advice.ts";
import { evaluatePolicy, type Evaluation } from "../policy/evaluate.ts";
import type { Policy } from "../policy/policy.ts";
import { everyTransaction, findTransactions } from "../read-model/find-transactions.ts";
import type { OpenFile } from "../read-model/follower.ts";
import { readModelOf } from "../read-model/read-model.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfTransaction, shardOfUser, type HexId } from "../store/entity.ts";
import { isTxId, ownerOf, transactionKey } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { readDocument } from "./read-action.ts";
import { walkUsers } from "./walk-users.ts";

const DEFAULT_LOOK = 200;
const MOST_LOOK = 1000;
/** Transactions that are judged before others have their turn. */
const A_TURN = 16;

/** Both policies are asked about each with its user's keys and chats of today, so that the rules alone make the difference. */
export async function simulatePolicy(
  given: CoreGiven,
  tenant: Tenant,
  { documentJson, transactions }: AdminServiceSimulatePolicyRequest,
): Promise<AdminServiceSimulatePolicyResponse | Refusal> {
  if (transactions > MOST_LOOK) return badInput("transactions", `must be at most ${MOST_LOOK}`);
  const policy = readDocument(documentJson, "document_json");
  if (isRefusal(policy)) return policy;
  const left = transactions === 0 ? DEFAULT_LOOK : transactions;
  const response = AdminServiceSimulatePolicyResponse.create({ advice: adviceOn(policy) });
  const comparers = new Map<string, Compare | undefined>();
  let seen = 0;
  for await (const transaction of recent(given, tenant, left)) {
    if (response.lookedAt >= left) break;
    if (++seen % A_TURN === 0) await nextTurn();
    const { txId: transactionId, kind, userId } = transaction;
    // Judged with what it approves, and by nobody's rule of its own.
    if (transaction.approves !== undefined) continue;
    if (!comparers.has(userId)) comparers.set(userId, await comparer(given, tenant, policy, userId));
    const compare = comparers.get(userId);
    if (compare === undefined) continue;
    response.lookedAt += 1;
    const members = compare(transaction);
    if (members.length > 0) response.differences.push(Difference.create({ transactionId, userId, kind, members }));
  }
  return response;
}

/** Newest first; while there is no index, newest of each user first, one user after the other. */
async function* recent(given: CoreGiven, tenant: Tenant, limit: number): AsyncGenerator<Transaction, void> {
  const { tenantId } = tenant;
  // Approvals are found, and passed over.
  const found = await readModelOf(given).use((file) => newestOf(file, tenantId, limit * 2));
  for (const txId of found ?? []) {
    const { entities } = await given.store.load(shardOfTransaction(txId), transactionKey(txId));
    const [{ body }] = entities;
    if (body?.tenantId === tenantId) yield body;
  }
  if (found !== undefined) return;
  for await (const { userId } of walkUsers(given, tenantId)) yield* await recentOf(given, tenant, userId, limit);
}

async function newestOf(file: OpenFile, tenantId: HexId, limit: number): Promise<HexId[]> {
  const ids: HexId[] = [];
  for await (const { txId } of findTransactions(file, everyTransaction(tenantId), undefined)) {
    if (isTxId(txId)) ids.push(txId);
    if (ids.length >= limit) break;
  }
  return ids;
}

const OF_ONE_USER = 20;

async function recentOf(
  { store }: CoreGiven,
  { tenantId }: Tenant,
  userId: string,
  limit: number,
): Promise<Transaction[]> {
  const shard = shardOfUser(tenantId, userId);
  const page = { tenant: "", limit: Math.min(limit, OF_ONE_USER) };
  const keys = (await store.list(shard, "transaction", ownerOf(tenantId, userId), page)).slice(0, page.limit);
  if (keys.length === 0) return [];
  return (await store.load(shard, ...keys)).entities.flatMap(({ body }) => (body === undefined ? [] : [body]));
}

type Compare = (transaction: Transaction) => DifferingMember[];

async function comparer(
  given: CoreGiven,
  { tenantId, policy: before, policyVersion }: Tenant,
  after: Policy,
  userId: string,
): Promise<Compare | undefined> {
  const user = await loadUser(given, { tenantId, userId });
  if (isRefusal(user)) return undefined;
  const [keys, found] = await Promise.all([loadKeys(given, user, user.keyIds), loadLinks(given, user)]);
  const links = isRefusal(found) ? [] : found;
  return ({ kind, fields, content }) => {
    const { lines } = decodeContent(content);
    const wish = { keyIds: undefined, modeHint: undefined, lifetimeMs: undefined };
    const asked = { kind, fields, lines, keys, links, ...wish, now: given.store.now() };
    const [old, young] = [before, after].map((policy) => evaluatePolicy({ policy, policyVersion }, asked));
    return differences(factsOf(old), factsOf(young));
  };
}

type Facts = Readonly<Record<string, string>>;

function factsOf(evaluated: Evaluation | Refusal | undefined): Facts {
  if (evaluated === undefined) return {};
  if (isRefusal(evaluated)) return { refused: `${evaluated.refused}: ${evaluated.message}` };
  const { frozen, mode, lifetimeMs } = evaluated;
  const { approval } = frozen;
  return {
    mode: Object.values(Mode).find((one) => one === mode) ?? "",
    digits: String(frozen.digits),
    tries: String(frozen.tries),
    lifetime: `${lifetimeMs / 1000} s`,
    channels: frozen.channels.join(", "),
    user_verification: frozen.userVerification,
    assurance: frozen.assurance ?? "",
    high_value: String(frozen.highValue),
    approvers: approval === undefined ? "" : `${approval.needed} of ${approval.users.join(", ")}`,
  };
}

/** What is refused on one side has nothing to compare on the other. */
function differences(before: Facts, after: Facts): DifferingMember[] {
  const names = "refused" in before || "refused" in after ? ["refused"] : Object.keys(after);
  return names
    .map((name) => ({ name, before: before[name] ?? "", after: after[name] ?? "" }))
    .filter((member) => member.before !== member.after);
}
