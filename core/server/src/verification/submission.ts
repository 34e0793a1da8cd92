import {
  decodeAssertion,
  decodeFidoStatement,
  decodeStatement,
  isAssertion,
  parseSigned,
  ProtocolError,
  readAssertion,
  sha256,
  toHex,
  utf8,
  type ReadAssertion,
  type SignedMessage,
  type Statement,
} from "@countersign/protocol";
import type { HexId } from "../store/entity.ts";

/** How a key signed: a statement of its own, or an assertion over one that the PC made (docs/protocol/fido2.md). */
export type Proof =
  | {
      readonly kind: "statement";
      /** undefined: no COSE_Sign1 of ours. */
      readonly message: SignedMessage | undefined;
    }
  | {
      readonly kind: "assertion";
      /** undefined: its envelope, client data or authenticator data is malformed. */
      readonly read: ReadAssertion | undefined;
    };

/** What came in, taken apart. All of it is attacker-controlled until rows 5 and 6 have passed. */
export interface Submission {
  /** A COSE_Sign1 or an assertion's envelope, as it is kept. */
  readonly signed: Uint8Array;
  readonly proof: Proof;
  /** undefined: the payload is no statement of a version known here, or one that this proof cannot be over. */
  readonly statement: Statement | undefined;
  /** What it is known by: SHA-256 of what the key signed, never of the signature. */
  readonly hash: Uint8Array;
  /** Named by the message; all zeros when there is none. */
  readonly keyId: HexId;
}

const NO_KEY = "0".repeat(32);
const ASSERTION = utf8("countersign/judged-assertion/v1\0");

export function readSubmission(signed: Uint8Array): Submission {
  return isAssertion(signed) ? readAsserted(signed) : readStated(signed);
}

function readStated(signed: Uint8Array): Submission {
  const message = orUndefined(() => parseSigned(signed));
  const payload = message?.payload ?? signed;
  const statement = orUndefined(() => decodeStatement(payload));
  const keyId = message === undefined ? NO_KEY : toHex(message.keyId);
  return { signed, proof: { kind: "statement", message }, statement, hash: sha256(payload), keyId };
}

/**
 * The statement alone would not do to know it by: the same code makes the same statement, and a touch without user
 * verification, refused and saved, would bar the one with it.
 */
function readAsserted(signed: Uint8Array): Submission {
  const assertion = orUndefined(() => decodeAssertion(signed));
  const read = assertion && orUndefined(() => readAssertion(assertion));
  const statement = assertion && orUndefined(() => decodeFidoStatement(assertion.statement));
  const keyId = assertion === undefined ? NO_KEY : toHex(assertion.keyId);
  const hash =
    assertion === undefined
      ? sha256(signed)
      : sha256(ASSERTION, sha256(assertion.statement), sha256(assertion.clientDataJson), assertion.authenticatorData);
  return { signed, proof: { kind: "assertion", read }, statement, hash, keyId };
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
