// How a change ends: somebody says no, or the core does what all keys confirmed.
import { whyUnfit } from "../approval/fit.ts";
import type { CoreGiven } from "../given.ts";
import { adminKey, changeKey, keyKey, userKey } from "../identity/entity-key.ts";
import type { AdminCaller } from "../rpc/caller.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, type HexId } from "../store/entity.ts";
import type { AuditDraft, Found } from "../store/store.ts";
import { checkDetail } from "../transaction/check-detail.ts";
import { happen } from "../transaction/happen.ts";
import { transactionKey } from "../transaction/transaction-key.ts";
import { TWO, type Doing } from "./action-rule.ts";
import { carryOut, judgeAction } from "./action-rules.ts";
import { adminsEver } from "./admins-ever.ts";
import { ADMINS } from "./change-directory.ts";
import { reject } from "./approval.ts";
import type { Approval, Change } from "./change.ts";
import { loadChange, mayDecide, stepChange } from "./load-change.ts";
import { over } from "./request-change.ts";
import { tellEnd } from "./tell-end.ts";
import { storedTenant } from "./tenant-of.ts";

/** At once; the prompts that are open for it go from keys and chats. */
export async function rejectChange(
  given: CoreGiven,
  caller: AdminCaller,
  { changeId, reason }: { readonly changeId: string; readonly reason: string },
): Promise<Change | Refusal> {
  const bad = checkDetail(reason, "reason");
  if (bad !== undefined) return bad;
  const change = await loadChange(given, caller, changeId);
  if (isRefusal(change)) return change;
  if (!mayDecide(caller, change)) return refuse("NOT_ALLOWED", `${change.action.type} takes an owner.`);
  const actor = `admin:${caller.adminId}`;
  const step = (before: Change, now: number): Change => reject(before, caller.adminId, reason, now);
  const after = await stepChange(given, changeId, step, (one) => auditOf(one, "change.rejected", actor, { reason }));
  if (isRefusal(after)) return after;
  if (after.state !== "REJECTED") return over(after);
  await withdrawPrompts(given, changeId, actor);
  return after;
}

async function withdrawPrompts(given: CoreGiven, changeId: HexId, actor: string): Promise<void> {
  for (const { key } of await adminKeys(given)) {
    const name = userKey(ADMINISTRATION, key.id);
    const user = (await given.store.load(ADMINISTRATION_SHARD, name)).entities[0].body;
    const txIds = (user?.open ?? []).map(({ txId }) => txId);
    const { entities } = await given.store.load(ADMINISTRATION_SHARD, ...txIds.map(transactionKey));
    for (const { body } of entities) {
      if (body?.action?.type !== "admin" || body.action.changeId !== changeId) continue;
      await happen(given, body.txId, { type: "cancelled", by: "admin", detail: "" }, actor);
    }
  }
}

async function adminKeys({ store }: CoreGiven) {
  const keys = await store.list(ADMINISTRATION_SHARD, "admin", ADMINS, { tenant: "", limit: 1000 });
  return keys.map((key) => ({ key }));
}

/**
 * For the sweeper: a change whose keys have all confirmed is carried out, and who has a part in one that is over is told.
 * Doing it again is harmless; what fails to be done at all throws.
 */
export async function changeDue(given: CoreGiven, { key }: Found<"change">): Promise<void> {
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, changeKey(key.id));
  const change = entities[0].body;
  if (change?.state === "APPROVED") await carryOutApproved(given, change);
  await tellEnd(given, key.id);
}

async function carryOutApproved(given: CoreGiven, change: Change): Promise<void> {
  const refusal = await apply(given, change);
  // Nothing that a later try could mend is final.
  if (refusal?.refused === "UNAVAILABLE") throw new Error(`change ${change.changeId}: ${refusal.message}`);
  const ended = await stepChange(
    given,
    change.changeId,
    (before, now) => (before.state === "APPROVED" ? endedBy(before, refusal, now) : before),
    (after) => auditOf(after, `change.${after.state.toLowerCase()}`, "core", detailOf(after)),
  );
  if (isRefusal(ended)) throw new Error(`change ${change.changeId}: ${ended.message}`);
}

function endedBy(change: Change, refusal: Refusal | undefined, now: number): Change {
  if (refusal === undefined) return { ...change, state: "APPLIED", endedAt: now };
  return { ...change, state: "FAILED", failure: refusal.refused, detail: refusal.message, endedAt: now };
}

async function apply(given: CoreGiven, change: Change): Promise<Refusal | undefined> {
  const { changeId, tenantId, action, requestedBy, requestedAt, approvals } = change;
  const unfit = await whoIsOut(given, change);
  if (unfit !== undefined)
    return refuse("NOT_ALLOWED", `What ${unfit.adminId} confirmed counts no more: ${unfit.why}.`);
  if (change.alone === true && (await adminsEver(given)) >= TWO) return noLongerAlone;
  const tenant = tenantId === "" ? undefined : await storedTenant(given, tenantId);
  const of: Doing = { changeId, requestedBy, requestedAt, tenant };
  const judged = await judgeAction(given, of, action);
  if (isRefusal(judged)) return judged;
  const by = {
    actor: `admin:${requestedBy}`,
    detail: { change: changeId, approvedBy: approvals.map(({ adminId }) => adminId).join() },
  };
  return carryOut(given, of, action, by);
}

const noLongerAlone = refuse(
  "NOT_ALLOWED",
  "It was asked for by the only administrator. There is another one by now, who has to confirm it too: ask for it again.",
);

/** Whose yes counts no more when it is done: by the rules that several users' yeses have. */
async function whoIsOut(
  given: CoreGiven,
  { approvals }: Change,
): Promise<{ readonly adminId: string; readonly why: string } | undefined> {
  for (const approval of approvals) {
    const why = await whyOut(given, approval);
    if (why !== undefined) return { adminId: approval.adminId, why };
  }
  return undefined;
}

/** Disabled, stopped at any time since he signed, his key revoked, or his no came after his yes. */
async function whyOut({ store }: CoreGiven, { adminId, txId, at }: Approval): Promise<string | undefined> {
  const { entities } = await store.load(
    ADMINISTRATION_SHARD,
    ...([adminKey(adminId), userKey(ADMINISTRATION, adminId), transactionKey(txId)] as const),
  );
  const [{ body: admin }, { body: user }, { body: own }] = entities;
  if (admin?.state !== "ACTIVE") return admin?.state ?? "unknown";
  if (own === undefined || !("confirmation" in own) || own.confirmation === undefined) return "unknown";
  if (own.lateVeto !== undefined) return "REJECTED_SINCE";
  const key = keyKey(ADMINISTRATION, own.confirmation.keyId);
  return whyUnfit(user, (await store.load(ADMINISTRATION_SHARD, key)).entities[0].body, at);
}

function auditOf(change: Change, event: string, actor: string, detail: AuditDraft["detail"]): AuditDraft {
  return { event, tenant: change.tenantId, actor, subject: `change:${change.changeId}`, detail };
}

function detailOf({ action, approvals, failure }: Change): AuditDraft["detail"] {
  const approvedBy = approvals.map(({ adminId }) => adminId).join();
  return { action: action.type, approvedBy, ...(failure === undefined ? {} : { failure }) };
}
