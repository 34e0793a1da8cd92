import {
  CodeEntry,
  codeProofOf,
  Decision,
  encodeStatement,
  type RejectReason,
  type Shown,
  SignatureType,
  signMessage,
  UserVerification,
} from "@countersign/protocol";
import type { Device } from "../device.ts";
import { signEs256 } from "../storage/signing-key.ts";
import type { Proven } from "../user-session.ts";
import type { Transaction } from "./read-transaction.ts";

/** What the person did with the transaction. */
export type Choice =
  | { readonly decision: "approve"; readonly code: string; readonly codeFromHost: boolean; readonly proven: Proven }
  | { readonly decision: "reject"; readonly reason: RejectReason; readonly proven: Proven | undefined };

/**
 * The COSE_Sign1 of the statement. Its counter is durable before the signature exists; a session of subcommand 02 ends.
 * Throws StorageError, and then nothing was signed.
 */
export function signStatement(device: Device, transaction: Transaction, choice: Choice, shown: Shown): Uint8Array {
  const { request, credential, txDigest } = transaction;
  const counter = device.vault.nextCounter(credential);
  device.session.end();
  const statement = encodeStatement({
    version: 1,
    serverId: request.serverId,
    txId: request.txId,
    nonce: request.nonce,
    txDigest,
    shown,
    counter,
    userVerification: verificationOf(choice.proven),
    ...(choice.decision === "approve"
      ? {
          decision: Decision.APPROVE,
          codeProof: codeProofOf(request.nonce, txDigest, choice.code),
          codeEntry: choice.codeFromHost ? CodeEntry.HOST : CodeEntry.KEY,
        }
      : {
          decision: Decision.REJECT,
          reason: choice.reason,
          codeEntry: device.profile.keypad ? CodeEntry.KEY : CodeEntry.HOST,
        }),
  });
  return signMessage(SignatureType.STATEMENT, credential.keyId, statement, (bytes) =>
    signEs256(credential.privateKey, bytes),
  );
}

function verificationOf(proven: Proven | undefined): UserVerification {
  if (proven === undefined) return UserVerification.NONE;
  return proven === "pin" ? UserVerification.PIN : UserVerification.BIOMETRIC;
}
