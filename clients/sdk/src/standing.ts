import type { Timestamp } from "@countersign/proto/web-google/protobuf/timestamp";
import { RejectReason, State, type State as WireState } from "@countersign/proto/web/core/v1/content";
import { ConfirmationClass } from "@countersign/proto/web/core/v1/confirmation_service";
import type { Transaction } from "@countersign/proto/web/core/v1/transaction_service";
import type { Outcome, RejectedBecause } from "./outcome.ts";

/** How far the others are. */
export interface ApprovalProgress {
  readonly given: number;
  readonly needed: number;
  /** Who may and has not yet; empty also where the core does not tell, as to clients. */
  readonly missing: readonly string[];
  /** Until when they may; undefined before the user himself confirmed, and after the last one did. */
  readonly until: Date | undefined;
}

/** Where a transaction stands, in the words of whoever looks: exact states for an app, classes for a client. */
export interface Standing {
  readonly state: string;
  /** What the executor reported, or the reason of an ending. */
  readonly detail: string;
  /** How it ended, except EXECUTED, which needs its receipt; undefined while it is open. */
  readonly ending: Outcome | "EXECUTED" | undefined;
  readonly confirmed: boolean;
  /** The key of this transaction is not asked any more, whether or not others have to confirm as well. */
  readonly signed: boolean;
  /** Where others have to confirm as well; undefined: nobody has to. */
  readonly approvals?: ApprovalProgress | undefined;
  /** Keys that may sign now; empty also when the core does not tell. */
  readonly keyIds: readonly string[];
}

const BECAUSE: Readonly<Record<number, RejectedBecause>> = {
  [RejectReason.WRONG_DATA]: "wrong data",
  [RejectReason.NOT_ME]: "not me",
  [RejectReason.CHANGED_MY_MIND]: "changed my mind",
  [RejectReason.SOMEBODY_TOLD_ME_TO]: "somebody told me to",
};

/** What an app sees. */
export function standingOfApp(transaction: Transaction): Standing {
  const state = stateName(transaction.state);
  const detail = transaction.outcomeDetail || transaction.reason;
  const confirmed = CONFIRMED.has(transaction.state);
  const signed = confirmed || transaction.state === State.PARTIAL || transaction.state === State.APPROVED;
  const { keyIds } = transaction;
  const approvals = approvalsOfApp(transaction);
  return { state, detail, confirmed, signed, ending: appEnding(transaction), keyIds, approvals };
}

function approvalsOfApp(transaction: Transaction): ApprovalProgress | undefined {
  const { approvalsNeeded: needed, approvals, approvers, approveBy } = transaction;
  if (needed === 0) return undefined;
  const missing = approvers.filter((one) => !approvals.some(({ userId }) => userId === one));
  return { given: approvals.length, needed, missing, until: dateOf(approveBy) };
}

function dateOf(time: Timestamp | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6));
}

const CONFIRMED: ReadonlySet<WireState> = new Set([State.CONFIRMED, State.EXECUTING, State.EXECUTED]);

function appEnding(transaction: Transaction): Outcome | "EXECUTED" | undefined {
  switch (transaction.state) {
    case State.UNSPECIFIED:
    case State.UNRECOGNIZED:
    case State.PENDING:
    case State.PARTIAL:
    case State.CONFIRMED:
    case State.EXECUTING:
      return undefined;
    case State.APPROVED:
      return { state: "APPROVED" };
    case State.EXECUTED:
      return "EXECUTED";
    case State.EXECUTION_FAILED:
      return { state: "EXECUTION_FAILED", detail: transaction.outcomeDetail };
    case State.EXECUTION_UNKNOWN:
      return { state: "EXECUTION_UNKNOWN" };
    case State.REJECTED:
      return { state: "REJECTED", onKey: transaction.rejectedOnKey, because: BECAUSE[transaction.rejectReason] ?? "" };
    case State.TAMPERED:
      return { state: "TAMPERED" };
    case State.LOCKED:
      return { state: "LOCKED" };
    case State.EXPIRED:
      return { state: "EXPIRED" };
    case State.CANCELLED:
      return { state: "CANCELLED", byUser: false };
    case State.UNDELIVERABLE:
      return { state: "UNDELIVERABLE" };
  }
}

/** What a client with a confirmation token sees. */
export function standingOfClient(
  seen: ConfirmationClass,
  keyIds: readonly string[] = [],
  of: ClientApprovals = { approvalsNeeded: 0, approvalsGiven: 0, approveBy: undefined },
): Standing {
  const row = CLASSES[seen] ?? { state: "WAITING", ending: undefined };
  const confirmed = seen === ConfirmationClass.CONFIRMED || seen === ConfirmationClass.EXECUTED;
  const signed = confirmed || seen === ConfirmationClass.PARTIAL || seen === ConfirmationClass.APPROVED;
  const { approvalsNeeded: needed, approvalsGiven, approveBy } = of;
  const told = { given: approvalsGiven, needed, missing: [], until: dateOf(approveBy) };
  return { ...row, detail: "", confirmed, signed, keyIds, approvals: needed === 0 ? undefined : told };
}

interface ClientApprovals {
  readonly approvalsNeeded: number;
  readonly approvalsGiven: number;
  readonly approveBy?: Timestamp | undefined;
}

const CLASSES: Readonly<Record<number, Pick<Standing, "state" | "ending">>> = {
  [ConfirmationClass.WAITING]: { state: "WAITING", ending: undefined },
  [ConfirmationClass.CONFIRMED]: { state: "CONFIRMED", ending: undefined },
  [ConfirmationClass.EXECUTED]: { state: "EXECUTED", ending: "EXECUTED" },
  [ConfirmationClass.ENDED]: { state: "ENDED", ending: { state: "ENDED" } },
  [ConfirmationClass.TAMPERED]: { state: "TAMPERED", ending: { state: "TAMPERED" } },
  [ConfirmationClass.PARTIAL]: { state: "PARTIAL", ending: undefined },
  [ConfirmationClass.APPROVED]: { state: "APPROVED", ending: { state: "APPROVED" } },
  [ConfirmationClass.UNKNOWN]: { state: "EXECUTION_UNKNOWN", ending: { state: "EXECUTION_UNKNOWN" } },
};

/** `EXECUTED` for 5; a number that this client does not know stays a number. */
export function stateName(state: number): string {
  const [name] = Object.entries(State).find(([, value]) => value === state) ?? [String(state)];
  return name;
}
