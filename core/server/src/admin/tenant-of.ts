// Which tenant an administrator means, and whether he has a part in it.
import type { CoreGiven } from "../given.ts";
import { directoryOf } from "../identity/directory.ts";
import { tenantKey } from "../identity/entity-key.ts";
import type { Tenant } from "../identity/tenant.ts";
import type { AdminCaller } from "../rpc/caller.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, shardOfKey, type HexId } from "../store/entity.ts";
import { everyOwned, INSTALLATION, tenantsLately } from "./every-owned.ts";
import { hasPart } from "./admin.ts";

export { INSTALLATION } from "./every-owned.ts";

/** One answer for what does not exist and for what is none of the caller's business. */
export const unknownTenant: Refusal = refuse(
  "NOT_FOUND",
  "tenant_id: there is no such tenant. ListTenants names them.",
);

/** The tenant that a request names; "": the caller's own, or the only one there is. */
export async function tenantOf(given: CoreGiven, caller: AdminCaller, asked: string): Promise<Tenant | Refusal> {
  const tenantId = asked === "" ? caller.tenantId : asked;
  if (tenantId === "") return onlyTenant(given);
  if (!/^[0-9a-f]{32}$/.test(tenantId) || !hasPart(caller, tenantId)) return unknownTenant;
  return (await directoryOf(given.store).get(tenantKey(tenantId))) ?? unknownTenant;
}

/**
 * As it is stored, and not as it was a moment ago: what keys show of its rules, and how many administrators they ask for, must
 * be what is in force.
 */
export async function storedTenant({ store }: Pick<CoreGiven, "store">, tenantId: HexId): Promise<Tenant> {
  const key = tenantKey(tenantId);
  const tenant = (await store.load(shardOfKey(key), key)).entities[0].body;
  if (tenant === undefined) throw new Error(`tenant ${tenantId} was found, and none is ever deleted`);
  return tenant;
}

/** As tenantOf, of a relying party: the administrators' own tenant has no apps, and its users are made by changes alone. */
export async function relyingPartyOf(given: CoreGiven, caller: AdminCaller, asked: string): Promise<Tenant | Refusal> {
  const tenant = await tenantOf(given, caller, asked);
  if (isRefusal(tenant) || tenant.tenantId !== ADMINISTRATION) return tenant;
  return refuse(
    "NOT_ALLOWED",
    "tenant_id: it is the administrators' own tenant. Its users are they, and it has no apps.",
  );
}

async function onlyTenant(given: CoreGiven): Promise<Tenant | Refusal> {
  const tenants = (await tenantsLately(given)).filter(({ tenantId }) => tenantId !== ADMINISTRATION);
  const [only] = tenants;
  if (only !== undefined && tenants.length === 1) return only;
  return badInput("tenant_id", `must be given: there are ${tenants.length} tenants`);
}

export function everyTenant(given: Pick<CoreGiven, "store">): Promise<Tenant[]> {
  return everyOwned(given, "tenant", { tenant: "", owner: INSTALLATION });
}
