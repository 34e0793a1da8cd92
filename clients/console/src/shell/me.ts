import type { Admin } from "@countersign/proto/web/admin/v1/admin_service";
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { admin } from "../connection/core.ts";

/** Who is logged in, and what he still lacks. */
export interface Me {
  readonly admin: Admin;
  readonly hasKey: boolean;
  readonly hasChat: boolean;
  readonly mayConfirmOwnKey: boolean;
  readonly administrationTenantId: string;
}

const known = signal<Me | undefined>(undefined);

/** The administrator behind the session, as the core told; undefined: not asked yet. */
export const me: ReadonlySignal<Admin | undefined> = computed(() => known.value?.admin);

/** The same with all that WhoAmI tells. */
export const whoAmI: ReadonlySignal<Me | undefined> = known;

/** Asks the core who the session's holder is. Rejects with CoreFailure. */
export async function askWhoAmI(signal_?: AbortSignal): Promise<void> {
  const answer = await admin.whoAmI({}, signal_ === undefined ? {} : { signal: signal_ });
  if (answer.admin === undefined) throw new Error("the core did not tell who the caller is");
  known.value = { ...answer, admin: answer.admin };
}

/** Nobody is logged in. */
export function forgetMe(): void {
  known.value = undefined;
}
