import { EMULATOR_AAGUID } from "@countersign/protocol";
import type { Tenant } from "./tenant.ts";

/** What calls itself an emulator, in any spelling. */
export function isEmulator(model: string): boolean {
  return model.toLowerCase().includes("emulator");
}

/**
 * The tenant as a core takes him: emulators and the sandbox count in development alone, whatever his policy says and
 * whenever they enrolled or were linked.
 */
export function withoutEmulators(tenant: Tenant, development: boolean): Tenant {
  if (development) return tenant;
  const keyModels = tenant.policy.keyModels.filter((model) => !isEmulator(model));
  const channels = tenant.policy.channels.filter((platform) => platform !== "sandbox");
  return { ...tenant, policy: { ...tenant.policy, keyModels, channels, refusedFidoModels: [EMULATOR_AAGUID] } };
}
