import type { Key } from "../identity/key.ts";
import type { FrozenPolicy, Policy } from "./policy.ts";

/** The part of a key that a policy judges. */
export type KeyModel = Pick<Key, "model" | "attested" | "fido">;

/** 16 bytes as a UUID: the model of a FIDO2 key. */
export function aaguidText(aaguid: Uint8Array): string {
  const hex = Buffer.from(aaguid).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** By what a policy names the model of a key. */
export function modelNameOf({ model, fido }: KeyModel): string {
  return fido === undefined ? model : aaguidText(fido.aaguid);
}

/** Why the policy does not let such a key enrol or sign, or undefined: it does. */
export function whyModelIsRefused(policy: Policy, key: KeyModel): string | undefined {
  const { fido } = key;
  if (fido === undefined) {
    return policy.keyModels.includes(key.model) ? undefined : `the policy does not allow keys of model ${key.model}`;
  }
  const { fidoModels = [], refusedFidoModels = [], webauthn } = policy;
  const aaguid = aaguidText(fido.aaguid);
  if (refusedFidoModels.includes(aaguid)) return "emulators are refused unless the core runs with --development";
  if (fido.passkey && webauthn?.passkeys !== "allowed") return "the policy does not allow passkeys of phone or PC";
  if (fidoModels.length === 0) return undefined;
  if (!fidoModels.includes(aaguid)) return `the policy does not allow FIDO2 keys of model ${aaguid}`;
  return key.attested === true ? undefined : `nothing that the policy trusts attests that it is of model ${aaguid}`;
}

/** Whether a finger on this key is known to be one: its model is attested, and listed for it. */
export function isBiometricModel(
  { biometricModels = [] }: Pick<FrozenPolicy, "biometricModels">,
  key: KeyModel,
): boolean {
  return key.attested === true && biometricModels.includes(modelNameOf(key));
}
