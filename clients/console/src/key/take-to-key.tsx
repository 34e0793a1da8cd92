import type { Transaction } from "@countersign/proto/web/core/v1/transaction_service";
import type { JSX } from "preact";
import { t } from "../i18n/words.ts";

interface TakeToKeyProps {
  readonly transaction: Transaction;
  /** Opens this transaction alone. */
  readonly confirmationToken: string;
}

/** Takes a transaction to the administrator's key: through the daemon of this PC, or as a security key in the browser. */
export function TakeToKey({ transaction }: TakeToKeyProps): JSX.Element {
  return <p>{t("key-tag", { tag: transaction.tag })}</p>;
}
