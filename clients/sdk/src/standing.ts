import { RejectReason, State, type State as WireState } from "@countersign/proto/node/core/v1/content";
import { ConfirmationClass } from "@countersign/proto/node/core/v1/confirmation_service";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import type { Outcome, RejectedBecause } from "./outcome.ts";

/** Where a transaction stands, in the words of whoever looks: exact states for an app, classes for a client. */
export interface Standing {
  readonly state: string;
  /** What the executor reported, or the reason of an ending. */
  readonly detail: string;
  /** How it ended, except EXECUTED, which needs its receipt; undefined while it is open. */
  readonly ending: Outcome | "EXECUTED" | undefined;
  readonly confirmed: boolean;
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
  return { state, detail, confirmed, ending: appEnding(transaction), keyIds: transaction.keyIds };
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
export function standingOfClient(seen: ConfirmationClass, keyIds: readonly string[] = []): Standing {
  const row = CLASSES[seen] ?? { state: "WAITING", ending: undefined };
  const confirmed = seen === ConfirmationClass.CONFIRMED || seen === ConfirmationClass.EXECUTED;
  return { ...row, detail: "", confirmed, keyIds };
}

const CLASSES: Readonly<Record<number, Pick<Standing, "state" | "ending">>> = {
  [ConfirmationClass.WAITING]: { state: "WAITING", ending: undefined },
  [ConfirmationClass.CONFIRMED]: { state: "CONFIRMED", ending: undefined },
  [ConfirmationClass.EXECUTED]: { state: "EXECUTED", ending: "EXECUTED" },
  [ConfirmationClass.ENDED]: { state: "ENDED", ending: { state: "ENDED" } },
  [ConfirmationClass.TAMPERED]: { state: "TAMPERED", ending: { state: "TAMPERED" } },
  [ConfirmationClass.UNKNOWN]: { state: "EXECUTION_UNKNOWN", ending: { state: "EXECUTION_UNKNOWN" } },
};

/** `EXECUTED` for 5; a number that this client does not know stays a number. */
export function stateName(state: number): string {
  const [name] = Object.entries(State).find(([, value]) => value === state) ?? [String(state)];
  return name;
}
