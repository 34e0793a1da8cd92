import type { Assertion } from "./assertion.ts";
import { type AuthenticatorData, parseAuthenticatorData } from "./authenticator-data.ts";
import { concatBytes, equalBytes, utf8 } from "./bytes.ts";
import { type ClientData, parseClientData } from "./client-data.ts";
import { ClientDataType, fidoChallengeOf } from "./fido.ts";
import type { PublicKey } from "./platform.ts";
import { sha256, verifyEs256Der } from "#platform";

/** An assertion with its parts read. Nothing in it is true before faultOfAssertion finds nothing. */
export interface ReadAssertion {
  readonly assertion: Assertion;
  readonly clientData: ClientData;
  readonly authenticatorData: AuthenticatorData;
}

/** What is wrong with an assertion. */
export type AssertionFault =
  | "false-signature"
  | "other-type" // not webauthn.get
  | "other-challenge" // not the hash of this statement
  | "cross-origin" // asked from inside another site's frame
  | "other-relying-party"
  | "nobody-present"; // not touched

/** Reads client data and authenticator data; throws `bad-field`. */
export function readAssertion(assertion: Assertion): ReadAssertion {
  return {
    assertion,
    clientData: parseClientData(assertion.clientDataJson),
    authenticatorData: parseAuthenticatorData(assertion.authenticatorData),
  };
}

/**
 * The first fault of an assertion, or undefined: this credential key signed this statement for this relying party, and
 * somebody touched it. Every check runs whatever the others say. Which origins count, whether the user was verified and
 * what the counter means is the caller's to judge.
 */
export function faultOfAssertion(read: ReadAssertion, key: PublicKey, rpId: string): AssertionFault | undefined {
  const { assertion, clientData, authenticatorData } = read;
  const signed = concatBytes(assertion.authenticatorData, sha256(assertion.clientDataJson));
  const faults: readonly (readonly [AssertionFault, boolean])[] = [
    ["false-signature", !verifyEs256Der(key, signed, assertion.signature)],
    ["other-type", clientData.type !== ClientDataType.GET],
    ["other-challenge", !equalBytes(clientData.challenge, fidoChallengeOf(assertion.statement))],
    ["cross-origin", clientData.crossOrigin],
    ["other-relying-party", !equalBytes(authenticatorData.rpIdHash, sha256(utf8(rpId)))],
    ["nobody-present", !authenticatorData.userPresent],
  ];
  return faults.find(([, found]) => found)?.[0];
}
