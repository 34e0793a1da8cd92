import { checkLength } from "./byte-length.ts";
import { CborMap } from "./cbor-map.ts";
import { type CborValue, decodeCbor, encodeCbor } from "./det-cbor.ts";
import type { PublicKey } from "./platform.ts";
import { ProtocolError } from "./protocol-error.ts";
import { verifyEs256 } from "#platform";

// COSE_Sign1 (RFC 9052), untagged:
//   [ protected bstr { 1 alg: -7, 4 kid: 16 bytes, 16 typ: text }, {}, bstr payload, bstr r‖s ]
// signed bytes = det-CBOR [ "Signature1", protected, h'', payload ]       docs/protocol/code-and-statement.md section 6

/** Every signature has a type (RFC 9596); a private key serves one of them, plus its own enrolment once. */
export const SignatureType = {
  STATEMENT: "application/countersign-statement+cbor",
  ENROLMENT: "application/countersign-enrolment+cbor",
  ATTESTATION: "application/countersign-attestation+cbor",
  RECEIPT: "application/countersign-receipt+cbor",
  AUDIT_HEAD: "application/countersign-audit-head+cbor",
} as const;
export type SignatureType = (typeof SignatureType)[keyof typeof SignatureType];

/** A parsed COSE_Sign1. Nothing in it is true before verifySigned says so. */
export interface SignedMessage {
  readonly type: SignatureType;
  readonly keyId: Uint8Array;
  readonly payload: Uint8Array;
  /** Raw r‖s, 64 bytes; malleable, so never an identity. */
  readonly signature: Uint8Array;
  /** What the signature is over. */
  readonly signedBytes: Uint8Array;
}

const ES256 = -7;
const NEGATIVE = { negative: true } as const;
const NO_BYTES = new Uint8Array(0);
const TYPES: ReadonlySet<string> = new Set(Object.values(SignatureType));

/** Builds a COSE_Sign1 around a payload; `sign` gets the bytes to be signed and returns raw r‖s. */
export function signMessage(
  type: SignatureType,
  keyId: Uint8Array,
  payload: Uint8Array,
  sign: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  checkLength(keyId, 16, "keyId");
  const header = new Map<number, CborValue>([
    [1, ES256],
    [4, keyId],
    [16, type],
  ]);
  const protectedBytes = encodeCbor(header, NEGATIVE);
  const signature = sign(signedBytesOf(protectedBytes, payload));
  checkLength(signature, 64, "signature");
  return encodeCbor([protectedBytes, new Map(), payload, signature]);
}

/** Reads a COSE_Sign1 of ours; throws `bad-signature-envelope` or `not-canonical`. */
export function parseSigned(bytes: Uint8Array): SignedMessage {
  const message = decodeCbor(bytes);
  if (!Array.isArray(message) || message.length !== 4) refuse("expected an array of four");
  const [protectedBytes, open, payload, signature] = message as readonly CborValue[];
  if (!(protectedBytes instanceof Uint8Array)) refuse("the protected header is no byte string");
  if (!(open instanceof Map) || open.size !== 0) refuse("the unprotected header is not empty");
  if (!(payload instanceof Uint8Array)) refuse("the payload is no byte string");
  if (!(signature instanceof Uint8Array) || signature.length !== 64) refuse("the signature is not 64 bytes");
  const header = new CborMap("protected", protectedBytes, NEGATIVE, "bad-signature-envelope");
  header.integer(1, "alg", ES256, ES256);
  const keyId = header.bytes(4, "kid", 16);
  const type = header.text(16, "typ");
  header.end();
  if (!isSignatureType(type)) return header.refuse("typ", "not a type of signature of this protocol");
  return { type, keyId, payload, signature, signedBytes: signedBytesOf(protectedBytes, payload) };
}

/** Whether the message is of this type and signed by this key. */
export function verifySigned(message: SignedMessage, type: SignatureType, key: PublicKey): boolean {
  return message.type === type && verifyEs256(key, message.signedBytes, message.signature);
}

function signedBytesOf(protectedBytes: Uint8Array, payload: Uint8Array): Uint8Array {
  return encodeCbor(["Signature1", protectedBytes, NO_BYTES, payload]);
}

function isSignatureType(type: string): type is SignatureType {
  return TYPES.has(type);
}

function refuse(why: string): never {
  throw new ProtocolError("bad-signature-envelope", why);
}
