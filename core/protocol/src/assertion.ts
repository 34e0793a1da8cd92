import { CborMap } from "./cbor-map.ts";
import { encodeCbor } from "./det-cbor.ts";
import { CodeEntry, Decision, decodeStatement, Shown, type Statement, UserVerification } from "./statement.ts";
import { ProtocolError } from "./protocol-error.ts";

// assertion = det-CBOR { 1: 1, 2: keyId, 3: statement, 4: authenticatorData, 5: clientDataJSON, 6: signature (DER) }
// A map, where a COSE_Sign1 is an array: whatever keeps "what was signed" keeps either.
//                                                            docs/protocol/fido2.md section 4

/** What a FIDO2 key answered, with the statement whose hash was its challenge. Nothing in it is true before it is verified. */
export interface Assertion {
  /** fidoKeyIdOf its credential. */
  readonly keyId: Uint8Array;
  readonly statement: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly clientDataJson: Uint8Array;
  /** ECDSA in DER; malleable, so never an identity. */
  readonly signature: Uint8Array;
}

const MAP = 0xa0;
const MAJOR_TYPE = 0xe0;

/** Whether signed bytes claim to be an assertion, not a COSE_Sign1. */
export function isAssertion(signed: Uint8Array): boolean {
  return ((signed[0] ?? 0) & MAJOR_TYPE) === MAP;
}

/** Throws `bad-field` for what decodeAssertion would refuse. */
export function encodeAssertion(assertion: Assertion): Uint8Array {
  const { keyId, statement, authenticatorData, clientDataJson, signature } = assertion;
  const members = [1, keyId, statement, authenticatorData, clientDataJson, signature];
  const bytes = encodeCbor(new Map(members.map((value, i) => [i + 1, value])));
  decodeAssertion(bytes);
  return bytes;
}

/** Reads the envelope alone; what its members hold is read by those who verify it. */
export function decodeAssertion(bytes: Uint8Array): Assertion {
  const map = new CborMap("assertion", bytes);
  map.version(1, 1);
  const assertion: Assertion = {
    keyId: map.bytes(2, "keyId", 16),
    statement: map.bytes(3, "statement", 1, 512),
    authenticatorData: map.bytes(4, "authenticatorData", 37, 1024),
    clientDataJson: map.bytes(5, "clientDataJson", 1, 2048),
    signature: map.bytes(6, "signature", 8, 256),
  };
  map.end();
  return assertion;
}

/**
 * Reads the statement behind an assertion. The PC made it, so it may say nothing in the key's name: it approves, and
 * shown, codeEntry, userVerification and counter are 0. Throws `bad-field` for any other.
 */
export function decodeFidoStatement(bytes: Uint8Array): Statement {
  const statement = decodeStatement(bytes);
  if (statement.decision !== Decision.APPROVE) refuse("decision", "a FIDO2 key signs no reject");
  if (statement.shown !== Shown.NOTHING) refuse("shown", "a FIDO2 key shows nothing");
  if (statement.codeEntry !== CodeEntry.HOST) refuse("codeEntry", "no code is typed on a FIDO2 key");
  if (statement.userVerification !== UserVerification.NONE) {
    refuse("userVerification", "told by the authenticator data alone");
  }
  if (statement.counter !== 0) refuse("counter", "told by the authenticator data alone");
  return statement;
}

function refuse(member: string, why: string): never {
  throw new ProtocolError("bad-field", why, { field: `statement.${member}` });
}
