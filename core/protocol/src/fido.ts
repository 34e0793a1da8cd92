import { checkLength } from "./byte-length.ts";
import { toBase64url } from "./base64url.ts";
import { toHex, utf8 } from "./bytes.ts";
import { ProtocolError } from "./protocol-error.ts";
import { sha256 } from "#platform";

// challenge  = SHA-256("countersign/fido/v1\0" || statement)
// keyId      = SHA-256("countersign/fido-key/v1\0" || SHA-256(rpId) || credentialId)[0..16]
// clientData = {"type":…,"challenge":"<base64url>","origin":"countersign:native","crossOrigin":false}, ASCII, no spaces
//                                                            docs/protocol/fido2.md sections 2 and 3

/** What a FIDO2 key was asked for, as clientDataJSON names it. */
export const ClientDataType = { CREATE: "webauthn.create", GET: "webauthn.get" } as const;
export type ClientDataType = (typeof ClientDataType)[keyof typeof ClientDataType];

/** Origin in the client data of a program that is no browser. */
export const NATIVE_ORIGIN = "countersign:native";

const CHALLENGE = utf8("countersign/fido/v1\0");
const KEY = utf8("countersign/fido-key/v1\0");
const RP_ID = /^[\x21-\x7e]{1,253}$/;
/** Longest credential id that WebAuthn allows. */
export const MAX_CREDENTIAL_ID = 1023;

/** Model that emulated keys attest, as a UUID. A core takes none of them unless it runs for development. */
export const EMULATOR_AAGUID = "c0a7e516-7e2b-4d0c-9f0e-5ec0de000001";

/** What a FIDO2 key signs for a statement: 32 bytes, made on the PC from the typed code and never sent by the core. */
export function fidoChallengeOf(statement: Uint8Array): Uint8Array {
  return sha256(CHALLENGE, statement);
}

/** The key id, 16 bytes, of a FIDO2 credential. Throws `bad-field` for a relying party or credential that cannot be. */
export function fidoKeyIdOf(rpId: string, credentialId: Uint8Array): Uint8Array {
  checkRpId(rpId);
  if (credentialId.length === 0 || credentialId.length > MAX_CREDENTIAL_ID) {
    throw new ProtocolError("bad-field", `expected 1 to ${MAX_CREDENTIAL_ID} bytes`, { field: "credentialId" });
  }
  return sha256(KEY, sha256(utf8(rpId)), credentialId).slice(0, 16);
}

/** Relying party of an installation without web pages; `.invalid` belongs to nobody, so no page can claim it. */
export function nativeRpIdOf(serverId: Uint8Array): string {
  checkLength(serverId, 16, "serverId");
  return `${toHex(serverId)}.countersign.invalid`;
}

/** clientDataJSON of a program that is no browser, in the one spelling that browsers use too. */
export function nativeClientData(type: ClientDataType, challenge: Uint8Array): Uint8Array {
  checkLength(challenge, 32, "challenge");
  return utf8(JSON.stringify({ type, challenge: toBase64url(challenge), origin: NATIVE_ORIGIN, crossOrigin: false }));
}

/** Throws `bad-field` unless it is 1 to 253 printable ASCII characters. */
export function checkRpId(rpId: string): void {
  if (RP_ID.test(rpId)) return;
  throw new ProtocolError("bad-field", "expected 1 to 253 printable ASCII characters", { field: "rpId" });
}
