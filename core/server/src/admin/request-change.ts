// Asking for what loosens: checked in full before anything is stored, then an ADMIN on the key of who asks.
import { Kind, sha256, toHex, utf8 } from "@countersign/protocol";
import { AdminServiceRequestChangeRequest } from "@countersign/proto/node/admin/v1/admin_service";
import type { CoreGiven } from "../given.ts";
import { changeKey } from "../identity/entity-key.ts";
import type { AdminCaller } from "../rpc/caller.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, type HexId } from "../store/entity.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { createTransaction, type Created } from "../transaction/create.ts";
import { freezeContent } from "../transaction/frozen-content.ts";
import { bodyHashOf, checkRequestId, findReservation, reserve } from "../transaction/reserve.ts";
import { fieldsOf } from "./action-fields.ts";
import { TWO, type Doing } from "./action-rule.ts";
import { adminsEver } from "./admins-ever.ts";
import { isOfInstallation, judgeAction, leastApprovals, levelOf } from "./action-rules.ts";
import { changeIndex } from "./approval.ts";
import { CHANGE_MS, isOpen, type AdminAction, type Change } from "./change.ts";
import { loadChange, mayDecide } from "./load-change.ts";
import { readAction } from "./read-action.ts";
import { storedTenant, tenantOf } from "./tenant-of.ts";

/** A change, and what the caller's key has to sign for it. */
export interface Asked {
  readonly change: Change;
  readonly created: Created;
}

const DEFAULT_APPROVALS = { low: 1, medium: 1, high: 2 } as const;

export async function requestChange(
  given: CoreGiven,
  caller: AdminCaller,
  request: AdminServiceRequestChangeRequest,
): Promise<Asked | Refusal> {
  const bad = checkRequestId(request.requestId);
  if (bad !== undefined) return bad;
  const use = useOf(caller, request);
  const known = await findReservation(given, use);
  if (isRefusal(known)) return known;
  const drawn = known?.drawn ?? { changeId: toHex(given.random.bytes(16)), newId: toHex(given.random.bytes(16)) };
  const { changeId = "", newId = "" } = drawn;
  const held = (await given.store.load(ADMINISTRATION_SHARD, changeKey(changeId))).entities[0].body;
  if (held !== undefined) return askKey(given, held, caller, changeId);
  const action = readAction(request.action, newId);
  if (isRefusal(action)) return action;
  const change = await judged(given, caller, { changeId, tenantId: request.tenantId, action });
  if (isRefusal(change)) return change;
  const reserved = known ?? (await reserve(given, use, drawn));
  if (isRefusal(reserved)) return reserved;
  // The same request came twice at once: the other one's ids are in force.
  if (reserved.drawn["changeId"] !== changeId) return requestChange(given, caller, request);
  const asked = await askKey(given, change, caller, changeId);
  if (isRefusal(asked)) return asked;
  const stored = await store(given, change);
  return isRefusal(stored) ? stored : { ...asked, change: stored };
}

function useOf({ adminId }: AdminCaller, request: AdminServiceRequestChangeRequest) {
  const bodyHash = bodyHashOf("change.request", AdminServiceRequestChangeRequest.encode(request).finish());
  const { requestId } = request;
  return { tenantId: ADMINISTRATION, by: `admin:${adminId}`, rpc: "change.request", requestId, bodyHash };
}

/** The change as it will be stored, or why it cannot be asked for. Stores nothing. */
async function judged(
  given: CoreGiven,
  caller: AdminCaller,
  { changeId, tenantId, action }: { changeId: HexId; tenantId: string; action: AdminAction },
): Promise<Change | Refusal> {
  const asked = isOfInstallation(action) ? undefined : await tenantOf(given, caller, tenantId);
  if (isRefusal(asked)) return asked;
  const tenant = asked && (await storedTenant(given, asked.tenantId));
  const notAllowed = tenant === undefined ? whyNotOfInstallation(caller, action) : undefined;
  if (notAllowed !== undefined) return notAllowed;
  const now = given.store.now();
  const of: Doing = { changeId, requestedBy: caller.adminId, requestedAt: now, tenant };
  const found = await judgeAction(given, of, action);
  if (isRefusal(found)) return found;
  const { needed, alone } = await approvalsFor(given, of, action);
  const shown = { changeId, tenantId: tenant?.tenantId ?? "", action, needed, requestedBy: caller.adminId };
  const fields = fieldsOf(shown, { tenant, name: found.name });
  if (isRefusal(fields)) return fields;
  const { issuer } = await storedTenant(given, ADMINISTRATION);
  const content = freezeContent({ kind: Kind.ADMIN, fields }, issuer, undefined);
  if (isRefusal(content)) return inAction(content);
  return {
    ...{ ...shown, fields, level: levelOf(action, of), requestedAt: now, expiresAt: now + CHANGE_MS },
    ...{ approvals: [], state: "REQUESTED" },
    ...(alone ? { alone } : {}),
  };
}

/** What concerns everybody takes an owner; a token of his own everybody who may change something. */
function whyNotOfInstallation({ role, adminId }: AdminCaller, action: AdminAction): Refusal | undefined {
  const isOwn = action.type === "add_token" && action.holder.id === adminId;
  if (role === "owner" || isOwn) return undefined;
  return refuse("NOT_ALLOWED", `${action.type} takes an owner.`);
}

/** Of the tenant in which it is done, else of the administration. */
async function approvalsFor(
  given: CoreGiven,
  of: Doing,
  action: AdminAction,
): Promise<{ readonly needed: number; readonly alone: boolean }> {
  const least = await leastApprovals(given, of, action);
  const alone = await isAlone(given, of, action);
  if (alone && least < TWO) return { needed: 1, alone: action.type === "create_admin" };
  const { policy } = of.tenant ?? (await storedTenant(given, ADMINISTRATION));
  const byPolicy = (policy.adminApprovals ?? DEFAULT_APPROVALS)[levelOf(action, of)];
  return { needed: Math.max(least, byPolicy), alone: false };
}

/** The second administrator ever, and his first key, take the first one's key alone: there is nobody else. */
async function isAlone(given: CoreGiven, { tenant }: Doing, { type }: AdminAction): Promise<boolean> {
  if (type === "create_admin") return (await adminsEver(given)) < TWO;
  return type === "confirm_key" && tenant?.tenantId === ADMINISTRATION && (await adminsEver(given)) <= TWO;
}

/** The caller knows an action, and no fields. */
function inAction(refusal: Refusal): Refusal {
  const violations = (refusal.violations ?? []).map(({ description }) => ({ field: "action", description }));
  return { ...refusal, message: `action: ${violations[0]?.description ?? refusal.message}`, violations };
}

/** An ADMIN for this administrator's key, the same for the same `requestId`. */
function adminTransaction(
  given: CoreGiven,
  { changeId, fields }: Change,
  { adminId }: AdminCaller,
  requestId: string,
): Promise<Created | Refusal> {
  return createTransaction(given, {
    ...{ tenantId: ADMINISTRATION, userId: adminId, kind: Kind.ADMIN, fields },
    ...{ createdBy: "core", actor: `admin:${adminId}`, requestId: toHex(sha256(utf8(`${adminId}\0${requestId}`))) },
    bodyHash: sha256(utf8(changeId)),
    action: { type: "admin", changeId },
  });
}

async function askKey(
  given: CoreGiven,
  change: Change,
  caller: AdminCaller,
  requestId: string,
): Promise<Asked | Refusal> {
  const created = await adminTransaction(given, change, caller, requestId);
  return isRefusal(created) ? created : { change, created };
}

function store(given: CoreGiven, change: Change): Promise<Change | Refusal> {
  const { changeId, tenantId: tenant, action, level, needed, requestedBy } = change;
  const key = changeKey(changeId);
  return untilSettled(async () => {
    const { entities, epoch } = await given.store.load(ADMINISTRATION_SHARD, key);
    if (entities[0].body !== undefined) return entities[0].body;
    const actor = `admin:${requestedBy}`;
    const detail = { action: action.type, level, needed };
    const audit = [{ event: "change.requested", tenant, actor, subject: `change:${changeId}`, detail }] as const;
    const writes = [{ key, expected: "", body: change, index: changeIndex(change) }];
    const outcome = await commitOnce(given, ADMINISTRATION_SHARD, { epoch, writes, audit });
    return outcome === "committed" ? change : undefined;
  });
}

/** The same content for the caller's key. */
export async function approveChange(
  given: CoreGiven,
  caller: AdminCaller,
  { requestId, changeId }: { readonly requestId: string; readonly changeId: string },
): Promise<Asked | Refusal> {
  const bad = checkRequestId(requestId);
  if (bad !== undefined) return bad;
  const change = await loadChange(given, caller, changeId);
  if (isRefusal(change)) return change;
  return whyNotApprove(given, caller, change) ?? askKey(given, change, caller, `${changeId}\0${requestId}`);
}

function whyNotApprove(given: CoreGiven, caller: AdminCaller, change: Change): Refusal | undefined {
  if (!mayDecide(caller, change)) return refuse("NOT_ALLOWED", `${change.action.type} takes an owner.`);
  if (change.approvals.some(({ adminId }) => adminId === caller.adminId)) {
    return refuse("NOT_ALLOWED", "Nobody confirms a change twice: another administrator has to.");
  }
  if (change.action.type === "recover_admin" && change.action.adminId === caller.adminId) {
    return refuse("NOT_ALLOWED", "Nobody has a part in his own recovery: another administrator has to.");
  }
  if (!isOpen(change, given.store.now())) return over(change);
  if (change.approvals.length > 0 || change.requestedBy === caller.adminId) return undefined;
  return refuse("STATE_CONFLICT", `${change.requestedBy}, who asked for it, has not confirmed it himself yet.`);
}

export function over({ state }: Change): Refusal {
  return refuse("STATE_CONFLICT", `The change is ${state === "REQUESTED" ? "EXPIRED" : state}.`, {
    metadata: { state },
  });
}
