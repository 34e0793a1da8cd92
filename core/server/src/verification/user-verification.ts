import { UserVerification } from "@countersign/protocol";
import type { Key } from "../identity/key.ts";
import { isBiometricModel } from "../policy/key-model.ts";
import type { FrozenPolicy } from "../policy/policy.ts";
import type { Submission } from "./submission.ts";

/**
 * How the key knew its user, as far as it is believed. Of a FIDO2 key its authenticator data alone says that it did, and
 * not by what; a finger counts as one only from a model that is attested and listed for it.
 */
export function verificationOf(
  { proof, statement }: Submission,
  key: Key | undefined,
  policy: FrozenPolicy,
): UserVerification {
  const fingers = key !== undefined && isBiometricModel(policy, key);
  if (proof.kind === "assertion") {
    if (proof.read?.authenticatorData.userVerified !== true) return UserVerification.NONE;
    return fingers ? UserVerification.BIOMETRIC : UserVerification.PIN;
  }
  const claimed = statement?.userVerification ?? UserVerification.NONE;
  return claimed === UserVerification.BIOMETRIC && !fingers ? UserVerification.PIN : claimed;
}

/** Whether it satisfies what the policy wants. */
export function isAtLeast(verified: UserVerification, wanted: FrozenPolicy["userVerification"]): boolean {
  return verified >= (wanted === "biometric" ? UserVerification.BIOMETRIC : UserVerification.PIN);
}
