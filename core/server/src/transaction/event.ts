import type { Reason, RejectReason } from "@countersign/protocol";
import type { HexId } from "../store/entity.ts";
import type { Notice } from "../delivery/delivery.ts";
import type { Approval, Ask, Confirmation, Issue } from "./transaction.ts";

/** Everything that can happen to a transaction; docs/protocol/states.md has the row of each. */
export type TransactionEvent =
  /** The clock moved: expiry, end of claimBy, a lease that ran out. Nothing happens before its time. */
  | { readonly type: "time-came" }
  /** Rows 3 to 11 passed and a code is about to be compared. */
  | { readonly type: "try-counted" }
  /** Row 12 passed. */
  | { readonly type: "statement-accepted"; readonly confirmation: Confirmation }
  /** Row 12, of a counted try. */
  | { readonly type: "wrong-code" }
  /** Row 12, of a counted try: right for an earlier issue. A try whose code the core itself took back is given back. */
  | { readonly type: "code-superseded"; readonly epochChanged: boolean }
  /** A crash left a counted try without a verdict, and none is left. */
  | { readonly type: "tries-lost" }
  /** Rows 10 and 11: only remembered. */
  | { readonly type: "statement-unfit"; readonly reason: Reason }
  /** Row 8. */
  | { readonly type: "tampered"; readonly keyId: HexId; readonly signedDigest?: string }
  /** Chat button, Veto RPC or signed reject. `mayFreeze`: false for a bot above the normal veto rate. */
  | {
      readonly type: "vetoed";
      readonly reason: RejectReason | undefined;
      readonly onKey: boolean;
      readonly mayFreeze: boolean;
    }
  /** `detail` is told to the user. A client on a user's PC withdraws what is PENDING only. */
  | { readonly type: "cancelled"; readonly by: "app" | "admin" | "client"; readonly detail: string }
  /** One of the approvers is about to be asked, for the n-th time. */
  | { readonly type: "approver-asked"; readonly ask: Ask; readonly n: number }
  /** An approver's key confirmed. `unfit`: whose approval does not count by now. */
  | { readonly type: "approval-given"; readonly approval: Approval; readonly unfit: readonly string[] }
  /** An approver said no, or his key signed something else; `ask`: as it was recorded. */
  | {
      readonly type: "approval-refused";
      readonly ask: Ask;
      readonly how: "REJECTED" | "TAMPERED";
      readonly reason: RejectReason | undefined;
      readonly onKey: boolean;
    }
  /** Who asked has been stopped, or his key revoked, before the last approval came. */
  | { readonly type: "requester-unfit"; readonly why: string }
  /** Of an approval: what it is about stands elsewhere. `ends`: nobody is needed any more. */
  | {
      readonly type: "parent-moved";
      readonly version: number;
      readonly notice: Notice;
      readonly final: boolean;
      readonly ends: boolean;
    }
  /** Every key that could have signed it was revoked. */
  | { readonly type: "keys-revoked" }
  /** Every delivery attempt FAILED, of this issue: a newer one has attempts of its own. */
  | { readonly type: "undeliverable"; readonly issue: Issue }
  /** The user or his client wants a new code. `epoch`: the shard's. */
  | { readonly type: "resent"; readonly epoch: number }
  /** The shard's epoch moved: the open code is issued again, outside the resend limit. */
  | { readonly type: "reissued"; readonly epoch: number }
  | {
      readonly type: "claimed";
      readonly claimId: string;
      readonly appId: HexId;
      readonly txDigest: Uint8Array;
      readonly leaseMs: number;
      readonly idempotent: boolean;
    }
  /** Right before the effect. */
  | { readonly type: "begun"; readonly appId: HexId; readonly fence: number }
  | { readonly type: "renewed"; readonly appId: HexId; readonly fence: number; readonly leaseMs: number }
  | {
      readonly type: "reported";
      readonly appId: HexId;
      readonly fence: number;
      readonly outcome: "EXECUTED" | "EXECUTION_FAILED";
      readonly detail: string;
    }
  /** A person found out how an EXECUTION_UNKNOWN ended. */
  | { readonly type: "resolved"; readonly outcome: "EXECUTED" | "EXECUTION_FAILED"; readonly detail: string };
