import { announce, Countdown, isAskedHere, msOf, t } from "@countersign/pages";
import type { Transaction } from "@countersign/proto/web/core/v1/transaction_service";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { FailureNote } from "../ui/failure-note.tsx";
import { ByDaemon } from "./by-daemon.tsx";
import { BySecurityKey } from "./by-security-key.tsx";
import { type KeyEnding, Taking } from "./taking.ts";

interface TakeToKeyProps {
  readonly transaction: Transaction;
  /** Opens this transaction alone. */
  readonly confirmationToken: string;
  /** It is over. The phone says so, too, and has the last word. */
  readonly onEnd?: (ending: KeyEnding) => void;
}

/** Takes a transaction to the administrator's key: through the daemon of this PC, or as a security key in the browser. */
export function TakeToKey({ transaction, confirmationToken, onEnd }: TakeToKeyProps): JSX.Element {
  const [withdrawing, setWithdrawing] = useState(false);
  const [taking, ending] = useTaking(transaction, confirmationToken, onEnd);
  if (ending !== undefined) return <p class="note">{t(`key-over-${ending}`)}</p>;
  const { fido, keyIds, tag } = transaction;
  const inBrowser = isAskedHere(fido, location.hostname);
  const elsewhere = keyIds.length > (fido?.keys.length ?? 0) || !inBrowser;
  const { value: failure } = taking.failure;
  const withdraw = (): void => {
    setWithdrawing(true);
    taking.withdraw();
  };
  return (
    <section class="take" aria-label={t("key-take")}>
      <p class="tag-row">
        <span>{t("key-tag")}</span> <strong class="tag">{tag}</strong>{" "}
        <Countdown lifetimeMs={lifetimeOf(transaction)} />
      </p>
      <p>{t("key-compare")}</p>
      {inBrowser && <BySecurityKey taking={taking} />}
      {elsewhere && <ByDaemon taking={taking} />}
      {failure !== undefined && <FailureNote failure={failure} />}
      <button type="button" class="secondary outline" disabled={withdrawing} onClick={withdraw}>
        {t("key-withdraw")}
      </button>
    </section>
  );
}

/** Milliseconds, by the core's own clock. */
function lifetimeOf({ createdAt, expiresAt }: Transaction): number {
  return createdAt === undefined || expiresAt === undefined ? 0 : Math.max(0, msOf(expiresAt) - msOf(createdAt));
}

function useTaking(
  transaction: Transaction,
  confirmationToken: string,
  onEnd: TakeToKeyProps["onEnd"],
): readonly [Taking, KeyEnding | undefined] {
  const [ending, setEnding] = useState<KeyEnding | undefined>(undefined);
  const taking = useMemo(() => new Taking(), [confirmationToken]);
  useEffect(() => {
    const follow = async (): Promise<void> => {
      const known = await taking.follow(transaction, confirmationToken);
      if (known === undefined) return;
      setEnding(known);
      announce(t(`key-over-${known}`));
      onEnd?.(known);
    };
    void follow();
    return () => taking.leave();
  }, [taking]);
  return [taking, ending];
}
