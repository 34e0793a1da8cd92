import type { Tenant } from "./tenant.ts";

/** What calls itself an emulator, in any spelling. */
export function isEmulator(model: string): boolean {
  return model.toLowerCase().includes("emulator");
}

/** The tenant as a core takes him: emulators count in development alone, whatever his policy says and whenever they enrolled. */
export function withoutEmulators(tenant: Tenant, development: boolean): Tenant {
  if (development) return tenant;
  const keyModels = tenant.policy.keyModels.filter((model) => !isEmulator(model));
  return { ...tenant, policy: { ...tenant.policy, keyModels } };
}
