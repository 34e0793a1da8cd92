// Changes of the rules, of tenants, and of who may change them.
import { checkIssuer, checkSafeText, ProtocolError, sha256, utf8 } from "@countersign/protocol";
import { unknownApprover, type UnknownApprover } from "../approval/unknown-approver.ts";
import { directoryOf } from "../identity/directory.ts";
import { adminKey, tenantKey } from "../identity/entity-key.ts";
import { DEFAULT_POLICY } from "../policy/policy-document.ts";
import { differingMembers } from "../policy/policy-json.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, shardOfKey } from "../store/entity.ts";
import { reserve } from "../transaction/reserve.ts";
import { NAMELESS, stoppedAnew, tenantIn, TWO, unknown, type ActionRule } from "./action-rule.ts";
import { INVITATION_MS, type Admin } from "./admin.ts";
import { setAdminState } from "./admin-state.ts";
import { adminsEver } from "./admins-ever.ts";
import { changeDirectory } from "./change-directory.ts";
import { refusalIn } from "./program-rules.ts";
import { everyTenant } from "./tenant-of.ts";
import { issueToken, whyNotFree } from "./token-entity.ts";

export const setPolicy: ActionRule<"set_policy"> = {
  level: () => "high",
  judge: async (given, of, { policy, expectedVersion }) => {
    // The very one that the lines on the keys are made from.
    const tenant = tenantIn(of);
    if (tenant.policyChange === of.changeId) return NAMELESS;
    if (tenant.policyVersion !== expectedVersion) return otherVersion(tenant.policyVersion);
    if (differingMembers(tenant.policy, policy).length === 0) {
      return badInput("action.set_policy.document_json", "these are the rules in force: it changes nothing");
    }
    const unknownOne = await unknownApprover(given.store, tenant.tenantId, policy);
    return unknownOne === undefined ? NAMELESS : noSuchApprover(unknownOne);
  },
  carryOut: async (given, of, { policy, expectedVersion }, by) => {
    const { tenantId } = tenantIn(of);
    return refusalIn(
      await changeDirectory(given, { key: tenantKey(tenantId), tenant: tenantId }, by, (tenant) => {
        if (tenant === undefined) return unknown("tenant_id");
        if (tenant.policyChange === of.changeId) return "same";
        if (tenant.policyVersion !== expectedVersion) return otherVersion(tenant.policyVersion);
        const rules = differingMembers(tenant.policy, policy);
        const told = (side: "before" | "after"): string =>
          JSON.stringify(Object.fromEntries(rules.map((one) => [one.name, one[side]])));
        const body = { ...tenant, policy, policyVersion: expectedVersion + 1, policyChange: of.changeId };
        return { body, event: "policy.changed", before: told("before"), after: told("after") };
      }),
    );
  },
};

function noSuchApprover({ place, userId }: UnknownApprover): Refusal {
  const advice = "Create him first, or correct the name: what the rule is about could be confirmed by too few";
  return badInput("action.set_policy.document_json", `${place}: the tenant has no user ${userId}. ${advice}`);
}

function otherVersion(version: number): Refusal {
  return refuse(
    "STATE_CONFLICT",
    `expected_version: version ${version} is in force. Somebody changed the rules meanwhile: read them and begin again.`,
    { metadata: { version: String(version) } },
  );
}

export const createTenant: ActionRule<"create_tenant"> = {
  level: () => "high",
  judge: async (given, _of, { newTenantId, name, issuer }) => {
    try {
      checkSafeText(name, { maxCodePoints: 64, field: "action.create_tenant.name" });
      checkIssuer(issuer, "action.create_tenant.issuer");
    } catch (error) {
      if (error instanceof ProtocolError) return badInput(error.field ?? "action.create_tenant", error.message);
      throw error;
    }
    const others = (await everyTenant(given)).filter(({ tenantId }) => tenantId !== newTenantId);
    if (others.some((other) => other.name === name))
      return refuse("ALREADY_EXISTS", `name: there is a tenant ${name} already.`);
    return others.some((other) => other.issuer === issuer) ? sameIssuer : NAMELESS;
  },
  carryOut: async (given, _of, { newTenantId: tenantId, name, issuer }, by) => {
    // Two that are carried out at once must not both get it: every display would show both alike.
    const bodyHash = sha256(utf8(tenantId));
    const use = {
      tenantId: ADMINISTRATION,
      by: "admin:installation",
      rpc: "issuer",
      requestId: hexOf(issuer),
      bodyHash,
    };
    const reserved = await reserve(given, use, {});
    if (isRefusal(reserved)) return reserved.refused === "IDEMPOTENCY_CONFLICT" ? sameIssuer : reserved;
    return refusalIn(
      await changeDirectory(given, { key: tenantKey(tenantId), tenant: tenantId }, by, (held) => {
        if (held !== undefined) return "same";
        const body = { tenantId, name, issuer, policy: DEFAULT_POLICY, policyVersion: 1 };
        return { body, event: "tenant.created", before: "", after: `${name}, shown as ${issuer}` };
      }),
    );
  },
};

const sameIssuer = refuse(
  "ALREADY_EXISTS",
  "issuer: it is the name of another tenant; every display would show both alike.",
);

function hexOf(text: string): string {
  return Buffer.from(text, "utf8").toString("hex");
}

export const createAdmin: ActionRule<"create_admin"> = {
  level: () => "high",
  judge: async (given, _of, { adminId, role, adminTenantId, invitation }) => {
    if (role === "admin" && adminTenantId === ADMINISTRATION) return ofOwners;
    const tenant = adminTenantId === "" ? undefined : await directoryOf(given.store).get(tenantKey(adminTenantId));
    if (adminTenantId !== "" && tenant === undefined) return unknown("action.create_admin.tenant_id");
    const key = adminKey(adminId);
    const held = (await given.store.load(shardOfKey(key), key)).entities[0].body;
    if (held !== undefined && !isReinvited(held, invitation)) return isTaken(adminId);
    const holder = { kind: "invitation", adminId } as const;
    return (await whyNotFree(given, invitation, holder)) ?? { name: tenant?.name ?? "" };
  },
  carryOut: async (given, _of, { adminId, role, adminTenantId, invitation: id }, by) => {
    const holder = { kind: "invitation", adminId } as const;
    const issued = await issueToken(given, id, { holder, tenant: "" }, by);
    if (issued !== undefined) return issued;
    const alone = (await adminsEver(given)) < TWO ? ({ alone: true } as const) : {};
    return refusalIn(
      await changeDirectory(given, { key: adminKey(adminId), tenant: "" }, by, (held, now) => {
        if (held?.invitation?.id === id) return "same";
        if (held !== undefined && !isReinvited(held, id)) return isTaken(adminId);
        const invitation = { id, until: now + INVITATION_MS, ...alone };
        const fresh = { adminId, role, tenantId: adminTenantId, state: "INVITED", claimed: false } as const;
        const body: Admin = { ...fresh, createdAt: held?.createdAt ?? now, tokens: { listed: [] }, invitation };
        return {
          body,
          event: "admin.invited",
          before: held?.state ?? "",
          after: `${role}, ${adminTenantId || "all tenants"}`,
        };
      }),
    );
  },
};

const ofOwners = badInput(
  "action.create_admin.tenant_id",
  "must be a relying party: who changes the rules of the administration, and accepts keys of administrators, is an owner",
);

/** Nobody has come with an earlier invitation of his, or this one made him. */
function isReinvited({ claimed, state, invitation }: Admin, id: string): boolean {
  return (!claimed && state === "INVITED") || invitation?.id === id;
}

function isTaken(adminId: string): Refusal {
  return refuse(
    "ALREADY_EXISTS",
    `admin_id: ${adminId} is the name of an administrator, and names are not given twice.`,
  );
}

export const enableAdmin: ActionRule<"enable_admin"> = {
  level: () => "high",
  judge: async (given, of, { adminId }) => {
    const key = adminKey(adminId);
    const held = (await given.store.load(shardOfKey(key), key)).entities[0].body;
    if (held === undefined) return unknown("action.enable_admin.admin_id");
    return (held.enabledBy === of.changeId ? undefined : stoppedAnew(of, held.disabledAt)) ?? NAMELESS;
  },
  carryOut: async (given, of, { adminId }, by) =>
    refusalIn(await setAdminState(given, adminId, { enabledBy: of.changeId }, by)),
};
