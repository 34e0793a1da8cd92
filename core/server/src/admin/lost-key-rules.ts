// Changes for who lost his last key. docs/protocol/recovery.md section 3
import { directoryOf } from "../identity/directory.ts";
import { adminKey, tenantKey } from "../identity/entity-key.ts";
import { loadUser } from "../identity/change-user.ts";
import { holdRecovery } from "../identity/held-recovery.ts";
import { hadKey, loadKeys } from "../identity/load-keys.ts";
import { nothingToRecover, whyNotBegin } from "../identity/recover.ts";
import { recoveryOf } from "../identity/user-recovery.ts";
import type { User } from "../identity/user.ts";
import type { CoreGiven } from "../given.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD } from "../store/entity.ts";
import { NAMELESS, tenantIn, TWO, unknown, type ActionRule, type Doing } from "./action-rule.ts";
import type { Admin } from "./admin.ts";
import { changeDirectory, type By } from "./change-directory.ts";
import { refusalIn } from "./program-rules.ts";
import { issueToken, whyNotFree } from "./token-entity.ts";

export const recoverUser: ActionRule<"recover_user"> = {
  level: () => "high",
  least: async () => TWO,
  judge: async (given, of, { userId }) => {
    const { tenantId } = tenantIn(of);
    if (tenantId === ADMINISTRATION) return refuse("NOT_ALLOWED", "An administrator is recovered by recover_admin.");
    const user = await loadUser(given, { tenantId, userId });
    if (isRefusal(user)) return user;
    const keys = await loadKeys(given, user, user.keyIds);
    return whyNotRecover(given, of, user) ?? (hadKey(keys) ? { name: userId } : nothingToRecover);
  },
  carryOut: async (given, of, { userId, reason }, by) => {
    const { tenantId, policy } = tenantIn(of);
    const { holdHours } = policy;
    return refusalIn(
      await holdRecovery(given, { tenantId, userId }, { ...confirmedBy(of, by), reason, holdHours }, by),
    );
  },
};

export const recoverAdmin: ActionRule<"recover_admin"> = {
  level: () => "high",
  least: async () => TWO,
  judge: async (given, of, { adminId, invitation }) => {
    const admin = await loadActive(given, adminId);
    if (isRefusal(admin)) return admin;
    if (adminId === of.requestedBy) {
      return refuse("NOT_ALLOWED", "Nobody asks for his own recovery: another administrator asks for it.");
    }
    const user = await loadUser(given, { tenantId: ADMINISTRATION, userId: adminId });
    if (isRefusal(user)) return user;
    const refusal = whyNotRecover(given, of, user);
    return refusal ?? (await whyNotFree(given, invitation, { kind: "invitation", adminId })) ?? NAMELESS;
  },
  carryOut: async (given, of, { adminId, invitation: id }, by) => {
    const holder = { kind: "invitation", adminId } as const;
    const issued = await issueToken(given, id, { holder, tenant: "" }, by);
    if (issued !== undefined) return issued;
    const tenant = await directoryOf(given.store).get(tenantKey(ADMINISTRATION));
    const name = { tenantId: ADMINISTRATION, userId: adminId };
    const confirmed = { ...confirmedBy(of, by), reason: "", holdHours: tenant?.policy.holdHours ?? 0 };
    const user = await holdRecovery(given, name, confirmed, by);
    return isRefusal(user) ? user : refusalIn(await inviteAgain(given, of, { adminId, id, user }, by));
  },
};

/** It opens Claim once the hold is over, and while the recovery waits to be used. */
function inviteAgain(
  given: CoreGiven,
  { changeId }: Doing,
  { adminId, id, user }: { readonly adminId: string; readonly id: string; readonly user: User },
  by: By,
): Promise<Admin | Refusal> {
  const until = recoveryOf(user, changeId)?.expiresAt ?? 0;
  return changeDirectory(given, { key: adminKey(adminId), tenant: "" }, by, (held) => {
    if (held === undefined) return unknown("admin_id");
    if (held.invitation?.id === id) return "same";
    const body = { ...held, invitation: { id, until, recovery: changeId } };
    return { body, event: "admin.recovery-held", before: held.state, after: held.state };
  });
}

async function loadActive({ store }: CoreGiven, adminId: string): Promise<Admin | Refusal> {
  if (!/^[A-Za-z0-9._@+-]{1,64}$/.test(adminId)) return unknown("action.recover_admin.admin_id");
  const admin = (await store.load(ADMINISTRATION_SHARD, adminKey(adminId))).entities[0].body;
  if (admin === undefined) return unknown("action.recover_admin.admin_id");
  if (admin.state === "ACTIVE") return admin;
  const advice = admin.state === "DISABLED" ? "enable_admin comes first" : "ask for create_admin again";
  return refuse("STATE_CONFLICT", `admin_id: ${adminId} is ${admin.state}: ${advice}.`, {
    metadata: { state: admin.state },
  });
}

/** undefined: it can begin, or this very change has begun it. */
function whyNotRecover({ store }: CoreGiven, { changeId }: Doing, user: User): Refusal | undefined {
  return recoveryOf(user, changeId) === undefined ? whyNotBegin(user, store.now()) : undefined;
}

function confirmedBy({ changeId, requestedBy }: Doing, { detail }: By) {
  const approvedBy = String(detail["approvedBy"] ?? "").replace(`${requestedBy},`, "");
  return { recoveryId: changeId, askedBy: requestedBy, approvedBy };
}
