import { toHex, type Enrolment as EnrolmentMap } from "@countersign/protocol";
import type { Policy } from "../policy/policy.ts";
import type { Key } from "./key.ts";

/** A key that proved itself and is not stored yet. */
export interface NewKey extends Pick<
  Key,
  | "keyId"
  | "publicKey"
  | "model"
  | "serial"
  | "registryVersion"
  | "glyphs"
  | "hasDisplay"
  | "hasKeypad"
  | "enrolment"
  | "fido"
  | "attested"
  | "counter"
> {
  /** Of digits typed on it. */
  readonly digitsProof?: Uint8Array | undefined;
}

/** Of a Countersign key: what readEnrolment found in `signed`. */
export function newKeyOf(
  map: EnrolmentMap,
  signed: Uint8Array,
  { attestationKeys }: Pick<Policy, "attestationKeys">,
): NewKey {
  const { publicKey, model, serial, registryVersion, glyphProfile: glyphs, hasDisplay, hasKeypad, digitsProof } = map;
  // Without a key for its model nobody could check; a development core takes it all the same.
  const attested = attestationKeys.some((trusted) => trusted.model === model);
  return {
    ...{ keyId: toHex(map.keyId), publicKey, model, serial, registryVersion, glyphs, hasDisplay, hasKeypad },
    ...(attested ? { attested } : {}),
    ...{ enrolment: signed, digitsProof, counter: { highest: 0, seen: 0n } },
  };
}
