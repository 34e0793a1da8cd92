// For tests: what a FIDO2 key of software makes at its registration, attested as a test wants it.
import { sign, type KeyObject } from "node:crypto";
import { AuthFlag, ClientDataType, concatBytes, sha256, utf8 } from "@countersign/protocol";
import type { Registration } from "../fido/read-registration.ts";
import { clientDataOf, type TestFidoKey } from "./test-fido-key.ts";

/** What a registration may be made to say. */
export interface RegisterChange {
  readonly flags?: number;
  readonly signCount?: number;
  readonly rpId?: string;
  readonly clientData?: Readonly<Record<string, unknown>>;
  readonly transports?: readonly string[];
  /** Absent: none. `self` signs with the credential's own key. */
  readonly attestation?: "self" | Attestation;
  /** The attestation statement itself, in CBOR; of this format. */
  readonly raw?: { readonly format: string; readonly statement: Uint8Array };
  /** Changes the authenticator data after it was signed over. */
  readonly after?: (authData: Uint8Array) => Uint8Array;
  readonly publicKey?: Uint8Array;
}

/** What a certificate's key signs. */
interface Attestation {
  /** Absent: packed. */
  readonly format?: string;
  readonly key: KeyObject;
  /** Some are made for what is signed: authenticator data and the hash of the client data. */
  readonly x5c: readonly Uint8Array[] | ((signed: Uint8Array) => readonly Uint8Array[]);
}

const REGISTERED = AuthFlag.USER_PRESENT | AuthFlag.USER_VERIFIED | AuthFlag.ATTESTED;

export function registrationOf(key: TestFidoKey, challenge: Uint8Array, change: RegisterChange = {}): Registration {
  const clientDataJson = clientDataOf(ClientDataType.CREATE, challenge, change.clientData);
  const authData = authDataOf(key, change);
  const signed = concatBytes(authData, sha256(clientDataJson));
  const { attestation, after = (bytes) => bytes } = change;
  const attestationObject = concatBytes(
    Uint8Array.of(0xa3),
    cborText("fmt"),
    cborText(change.raw?.format ?? formatOf(attestation)),
    cborText("attStmt"),
    change.raw?.statement ?? statementOf(key, signed, attestation),
    cborText("authData"),
    cborBytes(after(authData)),
  );
  const { credentialId } = key;
  return { credentialId, clientDataJson, attestationObject, transports: change.transports ?? ["usb"] };
}

function authDataOf(key: TestFidoKey, change: RegisterChange): Uint8Array {
  const { rpId = key.rpId, flags = REGISTERED, signCount = key.signCount } = change;
  const { credentialId, aaguid } = key;
  const counter = new Uint8Array(4);
  new DataView(counter.buffer).setUint32(0, signCount);
  const length = Uint8Array.of(credentialId.length >> 8, credentialId.length & 0xff);
  const publicKey = change.publicKey ?? key.publicKey;
  return concatBytes(sha256(utf8(rpId)), Uint8Array.of(flags), counter, aaguid, length, credentialId, publicKey);
}

function formatOf(attestation: RegisterChange["attestation"]): string {
  if (attestation === undefined) return "none";
  return (attestation === "self" ? undefined : attestation.format) ?? "packed";
}

function statementOf(key: TestFidoKey, signed: Uint8Array, attestation: RegisterChange["attestation"]): Uint8Array {
  if (attestation === undefined) return Uint8Array.of(0xa0);
  const signer = attestation === "self" ? key.privateKey : attestation.key;
  const signature = new Uint8Array(sign("sha256", signed, signer));
  const given = attestation === "self" ? [] : attestation.x5c;
  const x5c = typeof given === "function" ? given(signed) : given;
  const certificates =
    x5c.length === 0 ? [] : [cborText("x5c"), Uint8Array.of(0x80 | x5c.length), ...x5c.map((one) => cborBytes(one))];
  const alg = [cborText("alg"), Uint8Array.of(0x26), cborText("sig"), cborBytes(signature)];
  return concatBytes(Uint8Array.of(0xa0 | (x5c.length === 0 ? 2 : 3)), ...alg, ...certificates);
}

function cborText(text: string): Uint8Array {
  return concatBytes(Uint8Array.of(0x60 | text.length), utf8(text));
}

function cborBytes(bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x59, bytes.length >> 8, bytes.length & 0xff), bytes);
}
