import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { Effect, Frozen, Progress, Standing, Transaction } from "./transaction.ts";

/** A step that was taken. `transaction` is the very object that came in when nothing changed. */
export interface Step {
  readonly transaction: Transaction;
  readonly effects: readonly Effect[];
}

/** The transaction in a new standing; fields of the old standing do not survive. */
export function stand(of: Transaction, standing: Standing, progress: Partial<Progress> = {}): Transaction {
  return { ...frozenOf(of), ...progressOf(of), ...progress, ...standing, version: of.version + 1 };
}

/** The same standing, with other progress. */
export function proceed(of: Transaction, progress: Partial<Progress>): Transaction {
  return { ...of, ...progress, version: of.version + 1 };
}

/** As it was when it was created: what a program on the user's PC is told of it, however often it asks. */
export function atCreation(of: Transaction): Transaction {
  const progress = { triesLeft: of.policy.tries, lastRefusal: undefined, lateVeto: undefined };
  const { asked: _asked, approvals: _given, told: _told, ...rest } = stand(of, { state: "PENDING" }, progress);
  return { ...rest, version: 1 };
}

/** Repeating something is harmless: nothing changes. */
export function unchanged(transaction: Transaction): Step {
  return { transaction, effects: [] };
}

/** The event does not fit the state. */
export function conflict(transaction: Transaction, why: string): Refusal {
  return refuse("STATE_CONFLICT", `The transaction is ${transaction.state}: ${why}.`, {
    metadata: { state: transaction.state },
  });
}

function frozenOf(of: Transaction): Frozen {
  const { txId, tenantId, userId, createdBy, createdAt, nonce, kind, fields, content, txDigest } = of;
  const { tag, mode, keyIds, policy, repeatOf, action, approves } = of;
  return {
    ...{ txId, tenantId, userId, createdBy, createdAt, nonce, kind, fields, content, txDigest },
    ...{ tag, mode, keyIds, policy, repeatOf, action },
    ...(approves === undefined ? {} : { approves }),
  };
}

function progressOf(of: Transaction): Progress {
  const { version, issue, superseded, resends, lastIssueAt, triesLeft, expiresAt, lastRefusal, lateVeto } = of;
  const { asked, approvals, told } = of;
  return {
    ...{ version, issue, superseded, resends, lastIssueAt, triesLeft, expiresAt, lastRefusal, lateVeto },
    ...(asked === undefined ? {} : { asked }),
    ...(approvals === undefined ? {} : { approvals }),
    ...(told === undefined ? {} : { told }),
  };
}
