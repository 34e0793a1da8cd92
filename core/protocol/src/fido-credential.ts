import { CborMap } from "./cbor-map.ts";
import { encodeCbor } from "./det-cbor.ts";
import { checkRpId, MAX_CREDENTIAL_ID } from "./fido.ts";

// credential = det-CBOR { 1: 1, 2: rpId, 3: credentialId, 4: attestationObject, 5: clientDataJSON of its registration }
// What a core keeps of a registration, and a receipt shows: enough to verify it anew.    docs/protocol/fido2.md section 5

/** A FIDO2 credential as it was registered. */
export interface FidoCredential {
  readonly rpId: string;
  readonly credentialId: Uint8Array;
  /** CBOR as the key made it: read by who verifies attestations. */
  readonly attestationObject: Uint8Array;
  readonly clientDataJson: Uint8Array;
}

/** Bytes of an attestation object. */
export const MAX_ATTESTATION_OBJECT = 8192;
/** Bytes of client data. */
export const MAX_CLIENT_DATA = 2048;

/** Throws `bad-field` for what decodeFidoCredential would refuse. */
export function encodeFidoCredential(credential: FidoCredential): Uint8Array {
  const { rpId, credentialId, attestationObject, clientDataJson } = credential;
  const members = [1, rpId, credentialId, attestationObject, clientDataJson];
  const bytes = encodeCbor(new Map(members.map((value, i) => [i + 1, value])));
  decodeFidoCredential(bytes);
  return bytes;
}

/** Reads what encodeFidoCredential wrote; the attestation is not looked into. */
export function decodeFidoCredential(bytes: Uint8Array): FidoCredential {
  const map = new CborMap("credential", bytes);
  map.version(1, 1);
  const credential: FidoCredential = {
    rpId: map.text(2, "rpId"),
    credentialId: map.bytes(3, "credentialId", 1, MAX_CREDENTIAL_ID),
    attestationObject: map.bytes(4, "attestationObject", 1, MAX_ATTESTATION_OBJECT),
    clientDataJson: map.bytes(5, "clientDataJson", 1, MAX_CLIENT_DATA),
  };
  map.end();
  checkRpId(credential.rpId);
  return credential;
}
