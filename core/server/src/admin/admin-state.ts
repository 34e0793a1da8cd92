import type { CoreGiven } from "../given.ts";
import { adminKey, userKey } from "../identity/entity-key.ts";
import { withoutRecovery } from "../identity/user-recovery.ts";
import type { User } from "../identity/user.ts";
import type { Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, type HexId, type UnixMs } from "../store/entity.ts";
import type { AnyWrite } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import type { Admin } from "./admin.ts";
import { unknown } from "./action-rule.ts";
import { ADMINS, type By } from "./change-directory.ts";

/**
 * An administrator and his user in one commit: what his key signs counts from then on, or no more. Tokens do not come back
 * with him. Repeating it changes nothing.
 */
export function setAdminState(
  given: CoreGiven,
  adminId: string,
  to: "disabled" | { readonly enabledBy: HexId },
  by: By,
): Promise<Admin | Refusal> {
  const [name, userName] = [adminKey(adminId), userKey(ADMINISTRATION, adminId)] as const;
  return untilSettled(async (): Promise<Admin | Refusal | undefined> => {
    const { entities, epoch, now } = await given.store.load(ADMINISTRATION_SHARD, name, userName);
    const [{ body: before, version }, user] = entities;
    if (before === undefined) return unknown("admin_id");
    const body = to === "disabled" ? disabled(before, now) : enabled(before, to.enabledBy);
    if (body === before) return before;
    const after = user.body && (to === "disabled" ? suspended(user.body, now) : resumed(user.body));
    const writes: AnyWrite[] = [
      { key: name, expected: version, body, index: { owner: ADMINS, sort: body.createdAt } },
      ...(after === undefined ? [] : [{ key: userName, expected: user.version, body: after }]),
    ];
    const detail = { ...by.detail, before: before.state, after: body.state };
    const audit = [
      {
        event: to === "disabled" ? "admin.disabled" : "admin.enabled",
        tenant: before.tenantId,
        actor: by.actor,
        subject: `admin:${adminId}`,
        detail,
      },
    ] as const;
    const outcome = await commitOnce(given, ADMINISTRATION_SHARD, { epoch, writes, audit });
    return outcome === "committed" ? body : undefined;
  });
}

function disabled(admin: Admin, disabledAt: UnixMs): Admin {
  return admin.state === "DISABLED" ? admin : { ...admin, state: "DISABLED", tokens: { listed: [] }, disabledAt };
}

/** A change that enabled him once does not do so again. */
function enabled(admin: Admin, enabledBy: HexId): Admin {
  if (admin.state !== "DISABLED" || admin.enabledBy === enabledBy) return admin;
  return { ...admin, state: admin.claimed ? "ACTIVE" : "INVITED", enabledBy };
}

function suspended(user: User, now: UnixMs): User {
  if (user.state === "SUSPENDED") return user;
  return { ...withoutRecovery(user, now), state: "SUSPENDED", suspendedFrom: user.state, stoppedAt: now };
}

function resumed(user: User): User {
  if (user.state !== "SUSPENDED") return user;
  const { suspendedFrom: state = "FROZEN", ...rest } = user;
  return { ...rest, state };
}
