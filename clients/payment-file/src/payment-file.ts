import type { Account, Amount } from "@countersign/protocol";
import type { Element, Sourced } from "./element.ts";
import type { PainVersion } from "./allow-list.ts";

/** A payment file as typed values, each with the element it came from. */
export interface PaymentFile {
  readonly version: PainVersion;
  readonly groups: readonly PaymentGroup[];
  /** SHA-256 of the file's bytes: what will be booked. */
  readonly digest: Uint8Array;
}

/** One PmtInf: payments of one account on one day. */
export interface PaymentGroup {
  readonly element: Element;
  readonly from: Sourced<Account>;
  readonly date: Sourced<string>;
  readonly purpose: Sourced<string> | undefined;
  readonly service: Sourced<string> | undefined;
  readonly payments: readonly Payment[];
}

/** One CdtTrfTxInf. */
export interface Payment {
  readonly element: Element;
  readonly amount: Sourced<Amount>;
  readonly payee: Sourced<string>;
  readonly account: Sourced<Account>;
  /** BIC, clearing number or name of the payee's bank, where the account does not tell it. */
  readonly bank: Sourced<string> | undefined;
  /** Of the payee, shown when the order names no account. */
  readonly address: Sourced<string> | undefined;
  readonly references: readonly Sourced<string>[];
  readonly purpose: Sourced<string> | undefined;
  readonly service: Sourced<string> | undefined;
}
