// Row 6, for both ways of signing: one signature check each time, over a decoy where there is nothing to check.
import {
  faultOfAssertion,
  fromHex,
  importPublicKey,
  NATIVE_ORIGIN,
  SignatureType,
  verifySigned,
  type PublicKey,
  type ReadAssertion,
} from "@countersign/protocol";
import type { Key } from "../identity/key.ts";
import type { FrozenPolicy } from "../policy/policy.ts";
import type { Proof } from "./submission.ts";

/**
 * Whether the key signed this, in the way of its kind: a FIDO2 credential signs no COSE statement and a Countersign key no
 * assertion, whatever the signature says.
 */
export function proofHolds(proof: Proof, key: Key | undefined, policy: FrozenPolicy): boolean {
  if (proof.kind === "statement") {
    const holds = verifySigned(proof.message ?? decoyMessage, SignatureType.STATEMENT, publicKeyOf(key));
    return holds && proof.message !== undefined && key !== undefined && key.fido === undefined;
  }
  const read = proof.read ?? decoyAssertion;
  const fault = faultOfAssertion(read, publicKeyOf(key), key?.fido?.rpId ?? "");
  const known = isKnownOrigin(read.clientData.origin, policy);
  return fault === undefined && known && proof.read !== undefined && key?.fido !== undefined;
}

/** The PC asserts the origin; a browser tells the truth about it, a program says that it is none. */
function isKnownOrigin(origin: string, { origins = [] }: FrozenPolicy): boolean {
  return origin === NATIVE_ORIGIN || origins.includes(origin);
}

function publicKeyOf(key: Key | undefined): PublicKey {
  return importPublicKey(key?.publicKey ?? DECOY_KEY);
}

// The base point of P-256: verifying against it takes as long as against a real key, and signing for it gains nothing.
const DECOY_KEY = fromHex(
  "a501020326200121" +
    "58206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" +
    "2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
);

const decoyMessage = {
  type: SignatureType.STATEMENT,
  keyId: new Uint8Array(16),
  payload: new Uint8Array(0),
  signature: new Uint8Array(64).fill(1),
  signedBytes: new Uint8Array(300),
};

const decoyAssertion: ReadAssertion = {
  assertion: {
    keyId: new Uint8Array(16),
    statement: new Uint8Array(200),
    authenticatorData: new Uint8Array(37),
    clientDataJson: new Uint8Array(150),
    // r = s = 1 in DER
    signature: fromHex("3006020101020101"),
  },
  clientData: { type: "webauthn.get", challenge: new Uint8Array(32), origin: "", crossOrigin: false },
  authenticatorData: {
    rpIdHash: new Uint8Array(32),
    userPresent: false,
    userVerified: false,
    backupEligible: false,
    backedUp: false,
    signCount: 0,
  },
};
