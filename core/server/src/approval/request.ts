// That one approver is wanted: in his shard, so that he is told and can list it.
import { sha256, toHex, utf8 } from "@countersign/protocol";
import type { Notice } from "../delivery/delivery.ts";
import { alertWrites } from "../delivery/plan.ts";
import type { CoreGiven } from "../given.ts";
import { linkKey, userKey } from "../identity/entity-key.ts";
import type { Link } from "../identity/link.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { shardOfUser, type EntityKey, type HexId, type UnixMs } from "../store/entity.ts";
import type { AnyWrite } from "../store/store.ts";
import { neededOf } from "../transaction/approving.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import type { Transaction } from "../transaction/transaction.ts";

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

/** Brings the request of one approver to what the transaction is by now, and tells his chats where that is news. */
export async function showRequest(given: CoreGiven, parent: Transaction, userId: string): Promise<void> {
  const { tenantId, txId } = parent;
  const shard = shardOfUser(tenantId, userId);
  const key = requestKeyOf({ tenantId, userId, txId });
  const done = await untilSettled(async (): Promise<true | undefined> => {
    const { entities, epoch, now } = await given.store.load(shard, key, userKey(tenantId, userId));
    const [request, user] = entities;
    const waits = parent.state === "PARTIAL";
    if (user.body === undefined || waits === (request.body !== undefined)) return true;
    const body = waits ? { tenantId, userId, txId, at: now, until: parent.until } : undefined;
    const index = body && { owner: requestOwner(tenantId, userId), sort: now, due: body.until };
    const write: AnyWrite = { key, expected: request.version, body, ...(index === undefined ? {} : { index }) };
    const notice = noticeOf(parent, userId, now);
    const links = notice === undefined ? [] : await linksOf(given, shard, tenantId, user.body.linkIds);
    const alerts =
      notice === undefined ? [] : alertWrites(links, { event: `${txId}\0${userId}\0${notice.type}`, notice }, now);
    const event = waits ? "approval.wanted" : "approval.over";
    const subject = `transaction:${txId}`;
    const audit = [{ event, tenant: tenantId, actor: "core", subject, detail: { user: userId } }] as const;
    const outcome = await commitOnce(given, shard, { epoch, writes: [write, ...alerts], audit });
    return outcome === "committed" ? true : undefined;
  });
  if (isRefusal(done)) throw new Error(`request of ${txId}: ${done.message}`);
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
