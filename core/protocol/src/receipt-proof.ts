import { decodeAssertion, decodeFidoStatement, isAssertion } from "./assertion.ts";
import { equalBytes } from "./bytes.ts";
import { importPublicKey } from "./cose-key.ts";
import { parseSigned, SignatureType, verifySigned } from "./cose.ts";
import { decodeFidoCredential } from "./fido-credential.ts";
import { fidoKeyIdOf } from "./fido.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Receipt, ReceiptPart } from "./receipt.ts";
import { decodeStatement, type Statement } from "./statement.ts";
import { type AssertionFault, faultOfAssertion, readAssertion } from "./verify-assertion.ts";

/** How the key of a receipt signed. */
export type ReceiptProof =
  /** It signed the statement itself; what it says of display, code entry and user is the key's own word. */
  | { readonly kind: "statement" }
  /** A FIDO2 key or passkey: the code was typed on the PC and the key showed nothing, which is weaker. */
  | {
      readonly kind: "assertion";
      readonly rpId: string;
      /** The PC's word. */
      readonly origin: string;
      readonly userVerified: boolean;
      /** The credential may be copied to other devices. */
      readonly backupEligible: boolean;
    };

/** A part of a receipt that does not hold, and why. */
export class ReceiptFailure extends Error {
  readonly part: ReceiptPart;
  constructor(part: ReceiptPart, why: string) {
    super(why);
    this.part = part;
  }
}

/** Runs a decoder; its refusal is a failure of this part. */
export function within<Result>(part: ReceiptPart, decode: () => Result): Result {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolError) throw new ReceiptFailure(part, error.message);
    throw error;
  }
}

const SIGNED = "signedStatement";

const FAULT: Readonly<Record<AssertionFault, string>> = {
  "false-signature": "the signature does not hold",
  "other-type": "the key was not asked for an assertion",
  "other-challenge": "the key signed the hash of another statement",
  "cross-origin": "it was asked for from inside another site's frame",
  "other-relying-party": "for another relying party than the key's",
  "nobody-present": "nobody touched the key",
};

/** What was signed, and the key that signed it. */
export type Signed = Pick<Receipt, "key" | "signedStatement">;

/** The statement that the receipt's key signed, in its own way; throws ReceiptFailure. */
export function checkProof(receipt: Signed): { readonly statement: Statement; readonly proof: ReceiptProof } {
  return isAssertion(receipt.signedStatement) ? checkAssertion(receipt) : checkStated(receipt);
}

function checkStated({ key, signedStatement }: Signed): ReturnType<typeof checkProof> {
  const signed = within(SIGNED, () => parseSigned(signedStatement));
  const publicKey = within("key", () => importPublicKey(key.publicKey));
  checkSigner(signed.keyId, key.keyId);
  if (!verifySigned(signed, SignatureType.STATEMENT, publicKey)) {
    throw new ReceiptFailure(SIGNED, "the signature does not hold");
  }
  checkAttestation(key.attestation);
  return { statement: within(SIGNED, () => decodeStatement(signed.payload)), proof: { kind: "statement" } };
}

/** User verification is demanded by every policy, so an assertion without it is none that a core confirmed. */
function checkAssertion({ key, signedStatement }: Signed): ReturnType<typeof checkProof> {
  const assertion = within(SIGNED, () => decodeAssertion(signedStatement));
  const read = within(SIGNED, () => readAssertion(assertion));
  const publicKey = within("key", () => importPublicKey(key.publicKey));
  const { rpId, credentialId } = within("key", () => decodeFidoCredential(key.attestation));
  checkSigner(assertion.keyId, key.keyId);
  if (!equalBytes(fidoKeyIdOf(rpId, credentialId), key.keyId)) {
    throw new ReceiptFailure("key", "the key id is of another credential");
  }
  const fault = faultOfAssertion(read, publicKey, rpId);
  if (fault !== undefined) throw new ReceiptFailure(SIGNED, FAULT[fault]);
  const { userVerified, backupEligible } = read.authenticatorData;
  if (!userVerified) throw new ReceiptFailure(SIGNED, "the key did not know its user");
  const statement = within(SIGNED, () => decodeFidoStatement(assertion.statement));
  const { origin } = read.clientData;
  return { statement, proof: { kind: "assertion", rpId, origin, userVerified, backupEligible } };
}

function checkSigner(signer: Uint8Array, keyId: Uint8Array): void {
  if (!equalBytes(signer, keyId)) throw new ReceiptFailure(SIGNED, "signed by another key than the receipt names");
}

/** By its form: who made the key is the policy of whoever enrolled it. */
function checkAttestation(attestation: Uint8Array): void {
  if (attestation.length === 0) return;
  const signed = within("key", () => parseSigned(attestation));
  if (signed.type !== SignatureType.ATTESTATION) throw new ReceiptFailure("key", "the attestation is of another type");
}
