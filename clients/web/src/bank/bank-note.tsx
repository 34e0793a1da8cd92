import { findWords, t } from "@countersign/pages";
import type { JSX } from "preact";
import type { BankFailure } from "./bank.ts";

/** What the bank refused. Announced when it appears. */
export function BankNote({ failure }: { failure: BankFailure }): JSX.Element {
  return (
    <p class="note note-bad" role="alert">
      {findWords(`bank-${failure.reason}`) ?? t("bank-unknown", { reason: failure.reason })}
    </p>
  );
}
