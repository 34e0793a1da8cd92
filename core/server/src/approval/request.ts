// That one approver is wanted: in his shard, so that he is told and can list it.
import { sha256, toHex, utf8 } from "@countersign/protocol";
import type { Notice } from "../delivery/delivery.ts";
import { alertKey } from "../delivery/delivery-key.ts";
import { alertWrites } from "../delivery/plan.ts";
import type { CoreGiven } from "../given.ts";
import { linkKey, userKey } from "../identity/entity-key.ts";
import type { Link } from "../identity/link.ts";
import type { User } from "../identity/user.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { shardOfUser, type EntityKey, type HexId, type UnixMs } from "../store/entity.ts";
import type { AnyWrite } from "../store/store.ts";
import { neededOf } from "../transaction/approving.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { letTimePass } from "../transaction/time.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { loadTransaction } from "./count-approval.ts";

/** A transaction waits for this user; it is deleted when it does no more. */
export interface ApprovalRequest {
  readonly tenantId: HexId;
  /** The approver. */
  readonly userId: string;
  /** What he is to approve. */
  readonly txId: HexId;
  readonly at: UnixMs;
  readonly until: UnixMs;
}

export function requestKeyOf(of: { tenantId: HexId; userId: string; txId: HexId }): EntityKey<"approval-request"> {
  const id = toHex(sha256(utf8(`${of.txId} ${of.userId}`))).slice(0, 32);
  return { type: "approval-request", tenant: of.tenantId, id };
}

/** By whom a list finds it. */
export function requestOwner(tenantId: HexId, userId: string): string {
  return `approvals:${tenantId}:${userId}`;
}

/** Brings the request of one approver to what the transaction is by now, and tells each of his chats once where that is news. */
export async function showRequest(
  given: CoreGiven,
  { tenantId, txId }: Pick<Transaction, "tenantId" | "txId">,
  userId: string,
): Promise<void> {
  const shard = shardOfUser(tenantId, userId);
  const key = requestKeyOf({ tenantId, userId, txId });
  const done = await untilSettled(async (): Promise<true | undefined> => {
    // Read in each attempt: another core may have told meanwhile that the transaction is over.
    const stored = await loadTransaction(given, txId);
    const { entities, epoch, now } = await given.store.load(shard, key, userKey(tenantId, userId));
    const [request, user] = entities;
    if (stored === undefined || user.body === undefined) return true;
    const parent = letTimePass(stored, now).transaction;
    if ((parent.state === "PARTIAL") === (request.body !== undefined)) return true;
    const body = parent.state === "PARTIAL" ? { tenantId, userId, txId, at: now, until: parent.until } : undefined;
    const index = body && { owner: requestOwner(tenantId, userId), sort: now, due: body.until };
    const write: AnyWrite = { key, expected: request.version, body, ...(index === undefined ? {} : { index }) };
    const alerts = await alertsOf(given, user.body, parent, now);
    const event = body === undefined ? "approval.over" : "approval.wanted";
    const subject = `transaction:${txId}`;
    const audit = [{ event, tenant: tenantId, actor: "core", subject, detail: { user: userId } }] as const;
    const outcome = await commitOnce(given, shard, { epoch, writes: [write, ...alerts], audit });
    return outcome === "committed" ? true : undefined;
  });
  if (isRefusal(done)) throw new Error(`request of ${txId}: ${done.message}`);
}

/** To the chats that were not told yet. */
async function alertsOf(
  given: CoreGiven,
  { tenantId, userId, linkIds }: User,
  parent: Transaction,
  now: UnixMs,
): Promise<AnyWrite[]> {
  const notice = noticeOf(parent, userId, now);
  if (notice === undefined) return [];
  const shard = shardOfUser(tenantId, userId);
  const event = `${parent.txId}\0${userId}\0${notice.type}`;
  const links = await linksOf(given, shard, tenantId, linkIds);
  const keys = links.map(({ linkId }) => alertKey(tenantId, event, linkId));
  const { entities } = await given.store.load(shard, ...keys);
  const left = links.filter((_link, at) => entities[at]?.body === undefined);
  return alertWrites(left, { event, notice }, now);
}

/** Who has a transaction of his own about it reads how it ends there. */
function noticeOf(parent: Transaction, userId: string, at: UnixMs): Notice | undefined {
  const { userId: by, tag: detail, policy, asked = [] } = parent;
  if (parent.state === "PARTIAL") {
    const needed = policy.approval === undefined ? 0 : neededOf(policy.approval);
    return { type: "APPROVAL_ASKED", at, by, detail, needed, until: parent.until };
  }
  return asked.some((one) => one.userId === userId) ? undefined : { type: "APPROVAL_OVER", at, by, detail };
}

async function linksOf(given: CoreGiven, shard: number, tenantId: HexId, ids: readonly HexId[]): Promise<Link[]> {
  const { entities } = await given.store.load(shard, ...ids.map((id) => linkKey(tenantId, id)));
  return entities.flatMap(({ body }) => (body?.state === "LINKED" ? [body] : []));
}
