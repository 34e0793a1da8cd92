import type { Outcome, Progress } from "@countersign/sdk/browser";
import type { Order } from "./order.ts";

/** By what it is signed: a key at this PC through its daemon, or the browser's WebAuthn. */
export type Way = "daemon" | "browser";

/** What is waited for while it runs. */
export type Waiting =
  /** The bank's leave, and the core's answer. */
  | "core"
  /** The key, which shows the lines or works. */
  | "showing"
  | "pin"
  | "touch"
  | "computing"
  /** The code of the phone, on the key or in the page. */
  | "code"
  /** The core's verdict over what was signed. */
  | "verdict"
  /** Others, who have to confirm as well. */
  | "others"
  /** The bank, which carries it out. */
  | "bank";

/** Something that broke on the way. What it means for the payment the core is asked. */
export type Broken = "daemon" | "core" | "bank" | "page";

/** One payment of this tab, from the moment at which it is on its way. */
export interface Payment {
  readonly order: Order;
  /** Makes a second try harmless, also after a reload. */
  readonly requestId: string;
  readonly way: Way;
  /** The first one, where it is meant twice. */
  readonly repeatOf: string | undefined;
  readonly waiting: Waiting;
  /** Two words that key and phone show, too; "": not yet known. */
  readonly tag: string;
  readonly issuer: string;
  /** Unix milliseconds until which it can be confirmed; undefined: not yet known. */
  readonly until: number | undefined;
  /** A code was wrong, or came too late: key and phone ask again. */
  readonly again: boolean;
  readonly approvals: { readonly given: number; readonly needed: number } | undefined;
  /** The user wants it withdrawn; it may be too late. */
  readonly withdrawing: "asked" | "too-late" | undefined;
  /** What broke on the way; it stays told beside the ending. */
  readonly broken: Broken | undefined;
  readonly outcome: Outcome | undefined;
}

/** A payment that has just begun. Of what a tab keeps it takes these alone: the token is none of what is shown. */
export function newPayment(given: Pick<Payment, "order" | "requestId" | "way" | "repeatOf">): Payment {
  const { order, requestId, way, repeatOf } = given;
  return {
    ...{ order, requestId, way, repeatOf, waiting: "core", tag: "", issuer: "", until: undefined, again: false },
    ...{ approvals: undefined, withdrawing: undefined, broken: undefined, outcome: undefined },
  };
}

/** The payment after one event of its confirmation. */
export function after(payment: Payment, event: Progress, now: number): Payment {
  switch (event.type) {
    case "created": {
      const { tag, issuer, lifetimeMs } = event;
      return { ...payment, tag, issuer, until: now + lifetimeMs, waiting: "showing" };
    }
    case "equal":
    case "delivery":
    case "verify":
    case "key-revoked":
      return payment;
    case "key":
      return { ...payment, waiting: event.step };
    case "signed":
      return { ...payment, waiting: "verdict", again: false };
    case "try-again":
      return { ...payment, waiting: "showing", again: true };
    case "state":
      return afterState(payment, event);
    case "outcome":
      return { ...payment, outcome: event.outcome };
  }
}

function afterState(payment: Payment, { state, approvals }: Extract<Progress, { type: "state" }>): Payment {
  switch (state) {
    case "CONFIRMED":
    case "EXECUTING":
      return { ...payment, waiting: "bank", approvals: undefined };
    case "PARTIAL":
      return { ...payment, waiting: "others", approvals: approvals ?? payment.approvals };
    case "TOO_LATE":
      return { ...payment, withdrawing: "too-late" };
    default:
      return payment;
  }
}

/** Where the storyboard stands: 2 key, 3 phone, 4 result. A key without keypad is asked after the phone. */
export function stepOf({ waiting, outcome }: Payment): 2 | 3 | 4 {
  if (outcome !== undefined || waiting === "bank" || waiting === "others") return 4;
  return waiting === "code" ? 3 : 2;
}

/** The last step that is done: of a payment that ended unconfirmed neither key nor phone, wherever it was. */
export function doneOf(payment: Payment): 1 | 2 | 3 {
  const { waiting, outcome } = payment;
  if (outcome?.state === "EXECUTED" || waiting === "bank" || waiting === "others") return 3;
  return outcome === undefined && stepOf(payment) === 3 ? 2 : 1;
}
