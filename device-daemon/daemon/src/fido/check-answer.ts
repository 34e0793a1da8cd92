import { type AuthData, type CtapAssertion, decodeAuthData, type MadeCredential } from "@countersign/key-protocol";
import { AuthFlag, equalBytes, sha256, utf8 } from "@countersign/protocol";
import { LinkError } from "../hid/link-error.ts";
import { reading } from "./ctap-client.ts";

// Signatures and attestations are the core's to verify. Here it is only made sure that an answer belongs to its request,
// so that an old one, or one of a key that lies, does not travel on as if it did.

/** What an assertion was asked for. */
export interface AskedAssertion {
  readonly rpId: string;
  readonly allow: readonly Uint8Array[];
  /** Bits of AuthFlag that must be set. */
  readonly flags: number;
}

/** The credential that signed. Throws LinkError "garbled" for an answer to something else. */
export function checkAsserted(answer: CtapAssertion, asked: AskedAssertion): Uint8Array {
  const data = reading(() => decodeAuthData(answer.authData));
  checkSubject(data, asked.rpId, asked.flags);
  const named = answer.credentialId ?? (asked.allow.length === 1 ? asked.allow[0] : undefined);
  if (named === undefined) throw garbled("does not say which credential signed");
  const found = asked.allow.find((id) => equalBytes(id, named));
  if (found === undefined) throw garbled("is signed by a credential that was not asked for");
  return found;
}

/** The id of the credential that was made. Throws LinkError "garbled" for an answer to something else. */
export function checkMade(made: MadeCredential, rpId: string): Uint8Array {
  const data = reading(() => decodeAuthData(made.authData));
  checkSubject(data, rpId, AuthFlag.USER_PRESENT | AuthFlag.USER_VERIFIED);
  if (data.credential === undefined) throw garbled("holds no credential");
  return data.credential.credentialId;
}

function checkSubject(data: AuthData, rpId: string, flags: number): void {
  if (!equalBytes(data.rpIdHash, sha256(utf8(rpId)))) throw garbled("is for another relying party");
  if ((data.flags & flags) !== flags) throw garbled("says that its user was not verified");
}

function garbled(what: string): LinkError {
  return new LinkError("garbled", `the key's answer ${what}`);
}
