import { status } from "@grpc/grpc-js";
import {
  codeProofOf,
  Decision,
  decodeStatement,
  equalBytes,
  importPublicKey,
  parseSigned,
  SignatureType,
  txDigestOf,
  verifySigned,
} from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { ENDED, type Held } from "./fake-state.ts";
import { fakeStatusError } from "./status-error.ts";
import type { TestKey } from "./test-key.ts";

/** Why a core does not take what was submitted. */
export type Fault = "BAD_SIGNATURE" | "STATE_CONFLICT" | "TAMPERED" | "WRONG_CODE";

/** What a core finds in what was submitted: the signed bytes, why not, or the reason of a reject by the key. */
export type Finding = Uint8Array | Fault | Pick<Transaction, "rejectReason">;

/** As a core judges a statement, the first failure wins. */
export function judgeStatement(signed: Uint8Array, key: TestKey | undefined, held: Held, code: string): Finding {
  const message = parseSigned(Uint8Array.from(signed));
  if (key === undefined || !verifySigned(message, SignatureType.STATEMENT, importPublicKey(key.coseKey))) {
    return "BAD_SIGNATURE";
  }
  if (held.transaction.state !== State.PENDING) return "STATE_CONFLICT";
  const { txDigest, decision, reason, codeProof, nonce } = decodeStatement(message.payload);
  if (!equalBytes(txDigest, txDigestOf(held.content))) return "TAMPERED";
  if (decision === Decision.REJECT) return { rejectReason: reason ?? 0 };
  const isRight = codeProof !== undefined && equalBytes(codeProof, codeProofOf(nonce, txDigest, code));
  return isRight ? Uint8Array.from(signed) : "WRONG_CODE";
}

/** Status for an app, and status with class for a client. */
const ANSWERS: Readonly<Record<Fault | "REJECTED" | "LOCKED", readonly [status, readonly [status, string]]>> = {
  BAD_SIGNATURE: [status.PERMISSION_DENIED, [status.ABORTED, "TRY_AGAIN"]],
  STATE_CONFLICT: [status.FAILED_PRECONDITION, ENDED],
  TAMPERED: [status.FAILED_PRECONDITION, [status.FAILED_PRECONDITION, "TAMPERED"]],
  REJECTED: [status.FAILED_PRECONDITION, ENDED],
  WRONG_CODE: [status.PERMISSION_DENIED, [status.ABORTED, "TRY_AGAIN"]],
  LOCKED: [status.FAILED_PRECONDITION, ENDED],
};

/** The error for what was refused: `exact` for an app, the coarse class for a client. */
export function refusedAs(reason: Fault | "REJECTED" | "LOCKED", exact: boolean): Error {
  const [code, coarse] = ANSWERS[reason];
  return fakeStatusError(exact ? { code, reason } : { code: coarse[0], reason: coarse[1] });
}
