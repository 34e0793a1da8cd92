import type { AuditDraft } from "../store/store.ts";
import type { TransactionEvent } from "./event.ts";
import type { Transaction } from "./transaction.ts";

const NAME: Readonly<Record<TransactionEvent["type"], string>> = {
  "time-came": "transaction.time-came",
  "try-counted": "statement.counted",
  "statement-accepted": "statement.accepted",
  "wrong-code": "statement.refused",
  "code-superseded": "statement.refused",
  "tries-lost": "statement.lost",
  "statement-unfit": "statement.refused",
  tampered: "statement.tampered",
  vetoed: "transaction.vetoed",
  cancelled: "transaction.cancelled",
  "approver-asked": "approval.asked",
  "approval-given": "approval.given",
  "approval-refused": "approval.refused",
  "requester-unfit": "transaction.cancelled",
  "parent-moved": "approval.told",
  "keys-revoked": "transaction.cancelled",
  undeliverable: "transaction.undeliverable",
  resent: "code.reissued",
  reissued: "code.reissued",
  claimed: "execution.claimed",
  begun: "execution.begun",
  renewed: "execution.renewed",
  reported: "execution.reported",
  resolved: "execution.resolved",
};

/** How the audit tells one step. */
export function auditOfStep(
  event: TransactionEvent,
  before: Transaction,
  after: Transaction,
  actor: string,
): AuditDraft {
  return auditOf(NAME[event.type], after, actor, {
    from: before.state,
    state: after.state,
    version: after.version,
    ...detailOf(event, after),
  });
}

/** Something about a transaction that changes nothing in it. */
export function auditOf(event: string, of: Transaction, actor: string, detail: AuditDraft["detail"]): AuditDraft {
  return { event, tenant: of.tenantId, actor, subject: `transaction:${of.txId}`, detail };
}

function detailOf(event: TransactionEvent, after: Transaction): AuditDraft["detail"] {
  switch (event.type) {
    case "statement-accepted":
      return { key: event.confirmation.keyId };
    case "try-counted":
      return { triesLeft: after.triesLeft };
    case "wrong-code":
      return { reason: "WRONG_CODE", triesLeft: after.triesLeft };
    case "code-superseded":
      return { reason: "CODE_SUPERSEDED", triesLeft: after.triesLeft };
    case "statement-unfit":
      return { reason: event.reason };
    case "tampered":
      return { key: event.keyId, ...(event.signedDigest === undefined ? {} : { signedDigest: event.signedDigest }) };
    case "vetoed":
      return { reason: event.reason ?? 0, onKey: event.onKey };
    case "cancelled":
      return { by: event.by };
    case "approver-asked":
      return { user: event.ask.userId, child: event.ask.txId, n: event.n };
    case "approval-given": {
      const { userId: user, txId: child, keyId: key } = event.approval;
      const struck = event.unfit.length === 0 ? {} : { struck: event.unfit.join() };
      return { user, child, key, approvals: after.approvals?.length ?? 0, ...struck };
    }
    case "approval-refused":
      return { user: event.ask.userId, child: event.ask.txId, how: event.how };
    case "requester-unfit":
      return { by: "core", why: event.why };
    case "parent-moved":
      return { seen: event.version };
    case "keys-revoked":
      return { by: "revocation" };
    case "resent":
    case "reissued":
      return { epoch: after.issue.epoch, n: after.issue.n };
    case "claimed":
      return "lease" in after ? { fence: after.lease.fence, until: after.lease.until } : {};
    case "begun":
    case "renewed":
      return { fence: event.fence };
    case "reported":
      return { fence: event.fence, outcome: event.outcome };
    case "resolved":
      return { outcome: event.outcome };
    case "time-came":
    case "tries-lost":
    case "undeliverable":
      return {};
  }
}
