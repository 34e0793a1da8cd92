import type { Account } from "./account.ts";
import type { Amount } from "./amount.ts";
import type { Label } from "./label.ts";

/** A typed value; the label decides which type is expected (docs/protocol/content.md section 3). */
export type FieldValue =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "amount"; readonly amount: Amount }
  | { readonly type: "account"; readonly account: Account }
  | { readonly type: "payment"; readonly amount: Amount; readonly account: Account; readonly payee: string }
  | { readonly type: "date"; readonly date: string }
  | { readonly type: "count"; readonly count: number }
  | { readonly type: "digest"; readonly digest: Uint8Array };

/** One typed field of a transaction; renders to one line. */
export interface Field {
  readonly label: Label;
  readonly value: FieldValue;
}

/** One line as every surface shows it and as it is signed. */
export interface Line {
  readonly label: Label;
  readonly value: string;
}
