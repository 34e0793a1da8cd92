// For tests: one event for each row of the matrix in docs/protocol/states.md.
import { RejectReason } from "@countersign/protocol";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import type { Step } from "../transaction/change.ts";
import type { TransactionEvent } from "../transaction/event.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { APP, APPROVER, ASK, DIGEST, LEASE_MS, NOW } from "./transaction-fixture.ts";

interface Happening {
  readonly event: TransactionEvent;
  /** When it happens; NOW if not said. */
  readonly at?: UnixMs;
}

const OTHER = "d".repeat(32);
const confirmation = { keyId: "c".repeat(32), signedStatement: new Uint8Array(1), at: NOW };
const veto = { type: "vetoed", reason: RejectReason.WRONG_DATA, onKey: false, mayFreeze: true } as const;
const claimed = { type: "claimed", appId: APP, txDigest: DIGEST, leaseMs: LEASE_MS, idempotent: false } as const;
const reported = { type: "reported", appId: APP, outcome: "EXECUTED", detail: "" } as const;

const approval = { ...ASK, ...confirmation };
const refused = { type: "approval-refused", ask: ASK, reason: undefined, onKey: false } as const;
const moved = { type: "parent-moved", version: 5 } as const;

export const EVENTS: Readonly<Record<string, Happening>> = {
  "statement accepted": { event: { type: "statement-accepted", confirmation } },
  "try counted": { event: { type: "try-counted" } },
  "wrong code": { event: { type: "wrong-code" } },
  "code superseded": { event: { type: "code-superseded", epochChanged: false } },
  "tries lost": { event: { type: "tries-lost" } },
  "statement unfit": { event: { type: "statement-unfit", reason: "POLICY_UNMET" } },
  "digest differs": { event: { type: "tampered", keyId: "c".repeat(32) } },
  undeliverable: { event: { type: "undeliverable", issue: { epoch: 1, n: 1 } } },
  resend: { event: { type: "resent", epoch: 1 } },
  "epoch moved": { event: { type: "reissued", epoch: 2 } },
  veto: { event: veto },
  "veto, not me": { event: { ...veto, reason: RejectReason.NOT_ME } },
  "cancel by app": { event: { type: "cancelled", by: "app", detail: "" } },
  "cancel by client": { event: { type: "cancelled", by: "client", detail: "" } },
  "keys revoked": { event: { type: "keys-revoked" } },
  "expiry, claimBy": { event: { type: "time-came" }, at: NOW + 3_600_000 },
  "time, too early": { event: { type: "time-came" } },
  claim: { event: { ...claimed, claimId: "claim 1" } },
  "claim by another": { event: { ...claimed, claimId: "claim 2", appId: OTHER } },
  "claim, idempotent": { event: { ...claimed, claimId: "claim 3", idempotent: true } },
  "claim, other digest": { event: { ...claimed, claimId: "claim 1", txDigest: new Uint8Array(32) } },
  begin: { event: { type: "begun", appId: APP, fence: 1 } },
  "begin, old fence": { event: { type: "begun", appId: APP, fence: 0 } },
  renew: { event: { type: "renewed", appId: APP, fence: 1, leaseMs: LEASE_MS } },
  report: { event: { ...reported, fence: 1 } },
  "report failure": { event: { ...reported, fence: 1, outcome: "EXECUTION_FAILED" } },
  "report, old fence": { event: { ...reported, fence: 0 } },
  "report by another": { event: { ...reported, fence: 1, appId: OTHER } },
  "approver asked": { event: { type: "approver-asked", ask: { userId: APPROVER, txId: OTHER }, n: 1 } },
  "requester asked": { event: { type: "approver-asked", ask: { userId: "erika", txId: OTHER }, n: 0 } },
  "last approval": { event: { type: "approval-given", approval, unfit: [] } },
  "approval of the unfit": { event: { type: "approval-given", approval, unfit: [APPROVER] } },
  "approval never asked for": { event: { type: "approval-given", approval: { ...approval, txId: OTHER }, unfit: [] } },
  "requester's own approval": {
    event: { type: "approval-given", approval: { ...approval, userId: "erika" }, unfit: [] },
  },
  "approval refused": { event: { ...refused, how: "REJECTED" } },
  "approver's key signed else": { event: { ...refused, how: "TAMPERED" } },
  "requester unfit": { event: { type: "requester-unfit", why: "FROZEN" } },
  "parent goes on": { event: { ...moved, ends: false, final: false, notice: { type: "PARTIAL", at: NOW } } },
  "parent is over": { event: { ...moved, ends: true, final: true, notice: { type: "REJECTED", at: NOW } } },
  resolve: { event: { type: "resolved", outcome: "EXECUTED", detail: "" } },
};

/** A cell of the matrix: the new state, "same" when only its progress changed, "–" when nothing did, or the refusal. */
export function outcomeOf(before: Transaction, after: Step | Refusal): string {
  if (isRefusal(after)) return after.refused;
  if (after.transaction === before) return "–";
  return after.transaction.state === before.state ? "same" : after.transaction.state;
}
