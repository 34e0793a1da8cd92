// authenticatorData = rpIdHash 32 | flags u8 | signCount u32be
//                     | with AT: aaguid 16 | length u16be | credential id | COSE_Key (canonical CBOR)
//                     | with ED: extensions (canonical CBOR map)
// The host and the emulated key read and write all of it. @countersign/protocol reads assertions alone, without this CBOR:
// what a core and a receipt's reader judge stays small.

import { AuthFlag, concatBytes, MAX_CREDENTIAL_ID } from "@countersign/protocol";
import { type CtapMap, type CtapValue, decodeCtapPrefix, encodeCtap } from "./ctap-cbor.ts";
import { CtapError } from "./ctap-error.ts";
import { CtapStatus } from "./ctap-status.ts";

/** The credential that was just made. */
export interface AttestedCredential {
  /** 16 bytes: the model. */
  readonly aaguid: Uint8Array;
  /** 1 to 1023 bytes. */
  readonly credentialId: Uint8Array;
  /** COSE_Key, of any algorithm. */
  readonly publicKey: CtapMap;
}

/** What an authenticator says under its signature. */
export interface AuthData {
  /** 32 bytes: SHA-256 of the relying party's id. */
  readonly rpIdHash: Uint8Array;
  /** Bits of AuthFlag: UP, UV, BE, BS; AT and ED follow from the two members below. */
  readonly flags: number;
  /** u32. */
  readonly signCount: number;
  readonly credential?: AttestedCredential;
  readonly extensions?: CtapMap;
}

const HEAD = 37;

/** The bytes of authenticator data. */
export function encodeAuthData(data: AuthData): Uint8Array {
  const head = new Uint8Array(HEAD);
  head.set(data.rpIdHash);
  head[32] =
    data.flags |
    (data.credential === undefined ? 0 : AuthFlag.ATTESTED) |
    (data.extensions === undefined ? 0 : AuthFlag.EXTENSIONS);
  new DataView(head.buffer).setUint32(33, data.signCount);
  const credential = data.credential === undefined ? [] : credentialParts(data.credential);
  const extensions = data.extensions === undefined ? [] : [encodeCtap(data.extensions)];
  return concatBytes(head, ...credential, ...extensions);
}

/** Reads authenticator data to its last byte, controlled by the other side. Throws CtapError. */
export function decodeAuthData(bytes: Uint8Array): AuthData {
  if (bytes.length < HEAD) throw bad(`authenticator data has at least ${HEAD} bytes, this one ${bytes.length}`);
  const plain = new Uint8Array(bytes);
  const flags = plain[32] ?? 0;
  let rest = plain.subarray(HEAD);
  let data: AuthData = {
    rpIdHash: plain.slice(0, 32),
    flags: flags & ~(AuthFlag.ATTESTED | AuthFlag.EXTENSIONS),
    signCount: new DataView(plain.buffer).getUint32(33),
  };
  if ((flags & AuthFlag.ATTESTED) !== 0) {
    const { credential, length } = readCredential(rest);
    data = { ...data, credential };
    rest = rest.subarray(length);
  }
  if ((flags & AuthFlag.EXTENSIONS) !== 0) {
    const { value, length } = decodeCtapPrefix(rest);
    data = { ...data, extensions: mapOf(value, "extensions") };
    rest = rest.subarray(length);
  }
  if (rest.length > 0) throw bad(`${rest.length} bytes after the end of the authenticator data`);
  return data;
}

function credentialParts(credential: AttestedCredential): Uint8Array[] {
  const { aaguid, credentialId, publicKey } = credential;
  const length = Uint8Array.of(credentialId.length >> 8, credentialId.length & 0xff);
  return [aaguid, length, credentialId, encodeCtap(publicKey)];
}

function readCredential(bytes: Uint8Array): { readonly credential: AttestedCredential; readonly length: number } {
  const idLength = ((bytes[16] ?? 0) << 8) | (bytes[17] ?? 0);
  if (idLength < 1 || idLength > MAX_CREDENTIAL_ID) throw bad(`a credential id of ${idLength} bytes`);
  const end = 18 + idLength;
  if (bytes.length <= end) throw bad("the attested credential is cut short");
  const { value, length } = decodeCtapPrefix(bytes.subarray(end));
  const credential = {
    aaguid: bytes.slice(0, 16),
    credentialId: bytes.slice(18, end),
    publicKey: mapOf(value, "the credential's key"),
  };
  return { credential, length: end + length };
}

function mapOf(value: CtapValue, what: string): CtapMap {
  if (value instanceof Map) return value;
  throw bad(`${what} must be a map`);
}

function bad(message: string): CtapError {
  return new CtapError(CtapStatus.INVALID_PARAMETER, message);
}
