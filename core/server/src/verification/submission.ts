import {
  decodeStatement,
  parseSigned,
  ProtocolError,
  sha256,
  toHex,
  type SignedMessage,
  type Statement,
} from "@countersign/protocol";
import type { HexId } from "../store/entity.ts";

/** What came in, taken apart. All of it is attacker-controlled until rows 5 and 6 have passed. */
export interface Submission {
  readonly signed: Uint8Array;
  /** undefined: no COSE_Sign1 of ours. */
  readonly message: SignedMessage | undefined;
  /** undefined: the payload is no statement of a version known here. */
  readonly statement: Statement | undefined;
  /** SHA-256 of the statement's bytes: what it is known by. */
  readonly hash: Uint8Array;
  /** Named by the message; all zeros when there is none. */
  readonly keyId: HexId;
}

const NO_KEY = "0".repeat(32);

export function readSubmission(signed: Uint8Array): Submission {
  const message = orUndefined(() => parseSigned(signed));
  const payload = message?.payload ?? signed;
  const statement = orUndefined(() => decodeStatement(payload));
  const keyId = message === undefined ? NO_KEY : toHex(message.keyId);
  return { signed, message, statement, hash: sha256(payload), keyId };
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
