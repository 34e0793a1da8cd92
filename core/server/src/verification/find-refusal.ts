// Rows 3 to 11 of docs/protocol/verification.md.
import {
  CodeEntry,
  Decision,
  equalBytes,
  fromHex,
  Kind,
  Mode,
  Shown,
  UserVerification,
  type Reason,
  type RejectReason,
  type Statement,
} from "@countersign/protocol";
import type { Key } from "../identity/key.ts";
import type { User } from "../identity/user.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import { letTimePass } from "../transaction/time.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { isFresh } from "./key-use.ts";
import { proofHolds } from "./proof-holds.ts";
import type { Submission } from "./submission.ts";
import { isAtLeast, verificationOf } from "./user-verification.ts";

/** All that rows 3 to 11 look at, loaded before the first of them. */
export interface Evidence {
  readonly submission: Submission;
  readonly transaction: Transaction;
  readonly user: User;
  /** The key that the message names, if the user's shard has it. */
  readonly key: Key | undefined;
  /** Whose that key is, by the installation's directory. */
  readonly keyOwner: { readonly tenantId: HexId; readonly userId: string } | undefined;
  readonly serverId: HexId;
  readonly now: UnixMs;
}

/** A row that failed. */
export interface Finding {
  readonly row: 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11;
  readonly reason: Reason;
  readonly rejectReason?: RejectReason | undefined;
}

/**
 * The first row that fails. Every row is evaluated whatever the others say, and rows without anything to look at look at
 * a decoy, so that time does not tell which one failed. Rows 1 and 2 are answered before; row 12 has a commit of its own
 * before it.
 */
export function findRefusal(evidence: Evidence): Finding | undefined {
  const findings = [
    pendingAndUserActive(evidence),
    notExpired(evidence),
    keyIsUsable(evidence),
    signatureHolds(evidence),
    statementIsForThis(evidence),
    digestsAgree(evidence),
    decisionIsApprove(evidence),
    counterIsUnused(evidence),
    policyIsMet(evidence),
  ];
  return findings.find((finding) => finding !== undefined);
}

/** Row 3. A signed reject is a veto: it may also come later, and from a user who may not confirm. */
function pendingAndUserActive({ transaction, user, submission }: Evidence): Finding | undefined {
  if (submission.statement?.decision === Decision.REJECT && "confirmation" in transaction) return undefined;
  if (transaction.state !== "PENDING") {
    // Expiry is told as such, whether or not the sweeper has written it down.
    return { row: 3, reason: transaction.state === "EXPIRED" ? "EXPIRED" : "STATE_CONFLICT" };
  }
  if (submission.statement?.decision === Decision.REJECT || user.state === "ACTIVE") return undefined;
  return mayThaw(transaction, user) ? undefined : { row: 3, reason: "USER_BLOCKED" };
}

/** A THAW is how a frozen or blocked user gets free; what the relying party suspended, it alone resumes. */
export function mayThaw(transaction: Transaction, user: User): boolean {
  return transaction.kind === Kind.THAW && user.state !== "SUSPENDED";
}

/** Row 4, first look: the commit decides by the store's clock. */
function notExpired({ transaction, now }: Evidence): Finding | undefined {
  const { state } = letTimePass(transaction, now).transaction;
  return state === "EXPIRED" ? { row: 4, reason: "EXPIRED" } : undefined;
}

/** Row 5. */
function keyIsUsable({ transaction, key, keyOwner }: Evidence): Finding | undefined {
  const reason = whyKeyIsUnusable(transaction, key, keyOwner);
  return reason === undefined ? undefined : { row: 5, reason };
}

/** Why this key may not sign this transaction; other tenants' keys read as unknown. */
export function whyKeyIsUnusable(
  transaction: Transaction,
  key: Key | undefined,
  keyOwner: Evidence["keyOwner"],
): Reason | undefined {
  const { tenantId, userId } = transaction;
  const owner = key ?? keyOwner;
  if (owner === undefined || owner.tenantId !== tenantId) return "UNKNOWN_KEY";
  if (owner.userId !== userId) return "KEY_NOT_OWNED";
  if (key === undefined) return "UNKNOWN_KEY";
  if (key.state === "REVOKED") return "KEY_REVOKED";
  if (key.state === "PROVISIONAL") return "KEY_PROVISIONAL";
  return transaction.keyIds.includes(key.keyId) ? undefined : "KEY_NOT_ACCEPTED";
}

/** Row 6. */
function signatureHolds({ submission, transaction, key }: Evidence): Finding | undefined {
  const holds = proofHolds(submission.proof, key, transaction.policy);
  return holds ? undefined : { row: 6, reason: "BAD_SIGNATURE" };
}

/** Row 7. */
function statementIsForThis({ submission, transaction, serverId }: Evidence): Finding | undefined {
  const statement = submission.statement ?? decoyStatement;
  const same = [
    equalBytes(statement.serverId, fromHex(serverId)),
    equalBytes(statement.txId, fromHex(transaction.txId)),
    equalBytes(statement.nonce, transaction.nonce),
    submission.statement !== undefined,
  ];
  return same.every(Boolean) ? undefined : { row: 7, reason: "STATEMENT_MISMATCH" };
}

/** Row 8: what the key showed is not what the core holds. Ends a PENDING transaction; later only a veto matters. */
function digestsAgree({ submission, transaction }: Evidence): Finding | undefined {
  const agree = equalBytes((submission.statement ?? decoyStatement).txDigest, transaction.txDigest);
  return agree || transaction.state !== "PENDING" ? undefined : { row: 8, reason: "TAMPERED" };
}

/** Row 9. */
function decisionIsApprove({ submission }: Evidence): Finding | undefined {
  const { decision, reason } = submission.statement ?? decoyStatement;
  return decision === Decision.APPROVE ? undefined : { row: 9, reason: "REJECTED", rejectReason: reason };
}

/** Row 10. */
function counterIsUnused({ submission, key }: Evidence): Finding | undefined {
  const fresh = isFresh(key?.counter ?? { highest: 0, seen: 0n }, submission);
  return fresh ? undefined : { row: 10, reason: "COUNTER_REGRESSION" };
}

/** Row 11. What the key signed about itself, against mode and policy. */
function policyIsMet({ submission, transaction, key }: Evidence): Finding | undefined {
  const { mode, policy } = transaction;
  const { shown, codeEntry } = submission.statement ?? decoyStatement;
  const { proof } = submission;
  const met = [
    mode === Mode.CHAT_SHOWS || (proof.kind === "statement" && shown === Shown.ALL),
    proof.kind === "assertion" || codeEntry === CodeEntry.KEY || key?.hasKeypad === false,
    isAtLeast(verificationOf(submission, key, policy), policy.userVerification),
    proof.kind === "statement" || key?.fido?.backupEligible === proof.read?.authenticatorData.backupEligible,
  ];
  return met.every(Boolean) ? undefined : { row: 11, reason: "POLICY_UNMET" };
}

const decoyStatement: Statement = {
  version: 1,
  serverId: new Uint8Array(16),
  txId: new Uint8Array(16),
  nonce: new Uint8Array(32),
  txDigest: new Uint8Array(32),
  codeProof: new Uint8Array(32),
  decision: Decision.APPROVE,
  shown: Shown.NOTHING,
  codeEntry: CodeEntry.HOST,
  userVerification: UserVerification.NONE,
  counter: 0,
};
