// Rules of a FIDO2 registration; the first that fails is the answer. Formats and attestation signatures are
// @simplewebauthn/server's to verify; whom to trust is the policy's. docs/protocol/fido2.md section 5
import {
  ClientDataType,
  coseKeyOf,
  encodeFidoCredential,
  equalBytes,
  fidoKeyIdOf,
  importPublicKey,
  MAX_ATTESTATION_OBJECT,
  MAX_CLIENT_DATA,
  MAX_CREDENTIAL_ID,
  parseClientData,
  ProtocolError,
  REGISTRY_VERSION,
  sha256,
  toBase64url,
  toHex,
  utf8,
} from "@countersign/protocol";
import type { FidoDetails } from "../identity/key.ts";
import type { NewKey } from "../identity/new-key.ts";
import { aaguidText, whyModelIsRefused } from "../policy/key-model.ts";
import type { FidoRoot, Policy } from "../policy/policy.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import { findRoot } from "./attestation-path.ts";
import { originsOf } from "./relying-party.ts";
import { webauthnLibrary, type RegistrationInfo, type WebauthnLibrary } from "./webauthn-library.ts";

/** What a key made, as the PC hands it on. All of it is attacker-controlled. */
export interface Registration {
  readonly credentialId: Uint8Array;
  readonly clientDataJson: Uint8Array;
  readonly attestationObject: Uint8Array;
  /** The PC's word alone. */
  readonly transports: readonly string[];
}

/** What the registration has to fit. */
export interface ExpectedRegistration {
  readonly challenge: Uint8Array;
  readonly rpId: string;
  readonly policy: Policy;
  readonly now: UnixMs;
}

/**
 * Of these the library verifies the signature, or, for `none`, that there is none, and asks nobody. Of android-key it
 * checks the path to whatever root was sent along, and fetches the revocation lists that the sender's certificates name.
 */
const FORMATS = ["none", "packed", "fido-u2f", "tpm", "apple"];
/** Formats that phones and PCs alone use: their system, not the key, says which model it is and who was verified. */
const OF_PLATFORMS = ["tpm", "apple"];
const TRANSPORTS = ["usb", "nfc", "ble", "hybrid", "internal", "smart-card"];

/** The key, if it was made for this challenge and relying party, knew its user, and is one that the policy takes. */
export async function readRegistration(
  registration: Registration,
  expected: ExpectedRegistration,
): Promise<NewKey | Refusal> {
  const refusal = checkSizes(registration) ?? checkClientData(registration, expected);
  if (refusal !== undefined) return refusal;
  const library = await webauthnLibrary();
  const info = await verify(library, registration, expected);
  if (isRefusal(info)) return info;
  const key = keyOf(library, { registration, info, expected });
  if (isRefusal(key)) return key;
  const refused = whyModelIsRefused(expected.policy, key);
  return refused === undefined ? key : refuse("ATTESTATION_UNTRUSTED", `fido: ${refused}`);
}

function checkSizes({
  credentialId,
  clientDataJson,
  attestationObject,
  transports,
}: Registration): Refusal | undefined {
  const sizes = [
    ["fido.credential_id", credentialId, MAX_CREDENTIAL_ID],
    ["fido.client_data_json", clientDataJson, MAX_CLIENT_DATA],
    ["fido.attestation_object", attestationObject, MAX_ATTESTATION_OBJECT],
  ] as const;
  const wrong = sizes.find(([, bytes, most]) => bytes.length === 0 || bytes.length > most);
  if (wrong !== undefined) return badInput(wrong[0], `must be 1 to ${wrong[2]} bytes`);
  const known = transports.length <= TRANSPORTS.length && transports.every((one) => TRANSPORTS.includes(one));
  return known ? undefined : badInput("fido.transports", `must be of ${TRANSPORTS.join(", ")}`);
}

function checkClientData({ clientDataJson }: Registration, expected: ExpectedRegistration): Refusal | undefined {
  try {
    const { type, challenge, origin, crossOrigin } = parseClientData(clientDataJson);
    if (type !== ClientDataType.CREATE) return mismatch("it is no registration");
    if (!equalBytes(challenge, expected.challenge)) return mismatch("it answers another challenge");
    if (crossOrigin) return mismatch("it was asked for from inside another site's frame");
    return originsOf(expected.policy).includes(origin) ? undefined : mismatch("its origin is none of the policy's");
  } catch (error) {
    if (error instanceof ProtocolError) return badInput("fido.client_data_json", error.message);
    throw error;
  }
}

async function verify(
  library: WebauthnLibrary,
  registration: Registration,
  expected: ExpectedRegistration,
): Promise<RegistrationInfo | Refusal> {
  const { credentialId, clientDataJson, attestationObject } = registration;
  const id = toBase64url(credentialId);
  const response = { clientDataJSON: toBase64url(clientDataJson), attestationObject: toBase64url(attestationObject) };
  try {
    const found = checkAuthenticatorData(library, registration, expected);
    if (found !== undefined) return found;
    const { verified, registrationInfo } = await library.verifyRegistrationResponse({
      response: { id, rawId: id, type: "public-key", clientExtensionResults: {}, response },
      expectedChallenge: toBase64url(expected.challenge),
      expectedOrigin: [...originsOf(expected.policy)],
      expectedRPID: expected.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: [library.COSEALG.ES256],
    });
    if (verified && registrationInfo !== undefined) return registrationInfo;
    return refuse("BAD_SIGNATURE", "fido: its attestation is not signed as it says");
  } catch (error) {
    // The library throws for whatever does not fit, malformed or not; the first line names it.
    const why = error instanceof Error ? error.message.split("\n", 1)[0]! : "malformed";
    return badInput("fido.attestation_object", why.slice(0, 200));
  }
}

/** What deserves a reason of its own, before the library sees it. Throws for what is malformed. */
function checkAuthenticatorData(
  { decodeAttestationObject, parseAuthenticatorData }: WebauthnLibrary,
  { attestationObject, credentialId }: Registration,
  { rpId }: ExpectedRegistration,
): Refusal | undefined {
  const object = decodeAttestationObject(copy(attestationObject));
  if (!FORMATS.includes(object.get("fmt"))) return untrusted("attestations of this format are not taken");
  if (!(object.get("attStmt") instanceof Map)) return badInput("fido.attestation_object", "attStmt must be a map");
  const { rpIdHash, flags, credentialID } = parseAuthenticatorData(object.get("authData"));
  if (!equalBytes(rpIdHash, sha256(utf8(rpId)))) return mismatch("it is for another relying party");
  if (!flags.up || !flags.uv) return refuse("POLICY_UNMET", "fido: the key has to know its user, by PIN or finger");
  const same = credentialID !== undefined && equalBytes(credentialID, credentialId);
  return same ? undefined : mismatch("it is about another credential");
}

interface Verified {
  readonly registration: Registration;
  readonly info: RegistrationInfo;
  readonly expected: ExpectedRegistration;
}

function keyOf(library: WebauthnLibrary, { registration, info, expected }: Verified): NewKey | Refusal {
  const publicKey = coseKey(library, info.credential.publicKey);
  if (publicKey === undefined) return badInput("fido.attestation_object", "the public key is no point of P-256");
  const { credentialId, clientDataJson, attestationObject, transports } = registration;
  const { rpId } = expected;
  const object = library.decodeAttestationObject(copy(attestationObject));
  const { aaguid } = library.parseAuthenticatorData(object.get("authData"));
  const root = rootOf(object.get("attStmt").get("x5c"), { aaguid, format: info.fmt }, expected);
  const backupEligible = info.credentialDeviceType === "multiDevice";
  const platform = transports.includes("internal") || transports.includes("hybrid") || OF_PLATFORMS.includes(info.fmt);
  const fido: FidoDetails = {
    ...{ credentialId, rpId, aaguid: copy(aaguid ?? new Uint8Array(16)), passkey: platform || backupEligible },
    ...{ backupEligible, backedUp: info.credentialBackedUp, transports },
  };
  return {
    keyId: toHex(fidoKeyIdOf(rpId, credentialId)),
    publicKey,
    model: root?.model ?? (fido.passkey ? "Passkey" : "FIDO2 key"),
    serial: "",
    // It shows nothing, so there is nothing that it could not show.
    ...{ registryVersion: REGISTRY_VERSION, glyphs: "latin", hasDisplay: false, hasKeypad: false },
    enrolment: encodeFidoCredential({ rpId, credentialId, attestationObject, clientDataJson }),
    fido,
    ...(root === undefined ? {} : { attested: true }),
    counter: { highest: info.credential.counter, seen: 1n },
  };
}

/** A root for any model vouches for none that a phone or PC names. */
function rootOf(
  x5c: readonly Uint8Array[] | undefined,
  { aaguid, format }: { readonly aaguid: Uint8Array | undefined; readonly format: string },
  { policy, now }: ExpectedRegistration,
): FidoRoot | undefined {
  const { fidoRoots = [] } = policy;
  const roots = OF_PLATFORMS.includes(format) ? fidoRoots.filter((root) => root.aaguid !== undefined) : fidoRoots;
  return findRoot(x5c ?? [], { roots, aaguid: aaguidText(aaguid ?? new Uint8Array(16)), now });
}

/** The library's COSE key, which may hold members more, in our one spelling; undefined: it is not of P-256. */
function coseKey({ decodeCredentialPublicKey }: WebauthnLibrary, bytes: Uint8Array): Uint8Array | undefined {
  const members = decodeCredentialPublicKey(copy(bytes)) as unknown as ReadonlyMap<number, unknown>;
  const [kty, crv, x, y] = [1, -1, -2, -3].map((label) => members.get(label));
  if (kty !== 2 || crv !== 1 || !(x instanceof Uint8Array) || !(y instanceof Uint8Array)) return undefined;
  try {
    const key = coseKeyOf(copy(x), copy(y));
    importPublicKey(key);
    return key;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}

function mismatch(what: string): Refusal {
  return refuse("STATEMENT_MISMATCH", `fido: ${what}`);
}

function untrusted(what: string): Refusal {
  return refuse("ATTESTATION_UNTRUSTED", `fido: ${what}`);
}
