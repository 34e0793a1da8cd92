import type { Tenant } from "@countersign/proto/web/admin/v1/admin_service";
import { type ReadonlySignal, signal } from "@preact/signals";
import { admin } from "../connection/core.ts";

const PLACE = "countersign.tenant";
const listed = signal<readonly Tenant[]>([]);
const chosen = signal("");

/** The tenants that the administrator has a part in, as far as they were asked for. */
export const tenants: ReadonlySignal<readonly Tenant[]> = listed;

/** The tenant that pages look at: 32 hexadecimal digits, "" until the list is there. Every call of a page names it. */
export const tenantId: ReadonlySignal<string> = chosen;

/** Looks at another tenant, in this tab. */
export function chooseTenant(id: string): void {
  sessionStorage.setItem(PLACE, id);
  chosen.value = id;
}

/** More tenants than a chooser is good for; the rest is found by name on the page of administrators. */
const MOST = 100;

/** Asks for the list, and keeps what was chosen if it is still there. Rejects with CoreFailure. */
export async function askTenants(): Promise<void> {
  const answer = await admin.listTenants({ pageSize: MOST });
  // What is worked on every day first; the administrators' own last.
  listed.value = answer.tenants.toSorted((a, b) => Number(a.isAdministration) - Number(b.isAdministration));
  const kept = sessionStorage.getItem(PLACE);
  const first = listed.value.find((each) => each.tenantId === kept) ?? listed.value[0];
  chosen.value = first?.tenantId ?? "";
}

/** Nobody is logged in. */
export function forgetTenants(): void {
  listed.value = [];
  chosen.value = "";
  sessionStorage.removeItem(PLACE);
}
