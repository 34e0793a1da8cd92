import { announce, Countdown, isAskedHere, t } from "@countersign/pages";
import type { Transaction } from "@countersign/proto/web/core/v1/transaction_service";
import { openTransaction } from "@countersign/sdk/browser";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { bearer, confirmation } from "../connection/core.ts";
import { FailureNote } from "../ui/failure-note.tsx";
import { useAction } from "../ui/use-action.ts";
import { ByDaemon } from "./by-daemon.tsx";
import { BySecurityKey } from "./by-security-key.tsx";
import { followToEnd, type KeyEnding } from "./follow.ts";

interface TakeToKeyProps {
  readonly transaction: Transaction;
  /** Opens this transaction alone. */
  readonly confirmationToken: string;
  /** It is over. The phone says so, too, and has the last word. */
  readonly onEnd?: (ending: KeyEnding) => void;
}

/** Takes a transaction to the administrator's key: through the daemon of this PC, or as a security key in the browser. */
export function TakeToKey({ transaction, confirmationToken, onEnd }: TakeToKeyProps): JSX.Element {
  const open = useMemo(() => openTransaction(transaction), [transaction.transactionId]);
  const ending = useEnding(confirmationToken, onEnd);
  const { busy, failure, run } = useAction();
  if (ending !== undefined) return <p class="note">{t(`key-over-${ending}`)}</p>;
  const inBrowser = isAskedHere(open.fido, location.hostname);
  const elsewhere = open.keyIds.length > (open.fido?.credentials.length ?? 0) || !inBrowser;
  return (
    <section class="take" aria-label={t("key-take")}>
      <p class="tag-row">
        <span>{t("key-tag")}</span> <strong class="tag">{open.tag}</strong> <Countdown lifetimeMs={open.lifetimeMs} />
      </p>
      <p>{t("key-compare")}</p>
      {inBrowser && <BySecurityKey open={open} confirmationToken={confirmationToken} />}
      {elsewhere && <ByDaemon open={open} confirmationToken={confirmationToken} />}
      {failure !== undefined && <FailureNote failure={failure} />}
      <button
        type="button"
        class="secondary outline"
        disabled={busy}
        onClick={() => void run(async () => void (await confirmation.withdraw({}, bearer(confirmationToken))))}
      >
        {t("key-withdraw")}
      </button>
    </section>
  );
}

function useEnding(confirmationToken: string, onEnd: TakeToKeyProps["onEnd"]): KeyEnding | undefined {
  const [ending, setEnding] = useState<KeyEnding | undefined>(undefined);
  useEffect(() => {
    const leaving = new AbortController();
    const follow = async (): Promise<void> => {
      const known = await followToEnd(confirmationToken, leaving.signal);
      if (known === undefined) return;
      setEnding(known);
      announce(t(`key-over-${known}`));
      onEnd?.(known);
    };
    void follow();
    return () => leaving.abort();
  }, [confirmationToken]);
  return ending;
}
