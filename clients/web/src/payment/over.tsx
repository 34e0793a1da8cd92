import { announce, findWords, ReceiptPanel, t } from "@countersign/pages";
import type { Outcome } from "@countersign/sdk/browser";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { session } from "../bank/bank.ts";
import { tellOutcome } from "./outcome-words.ts";
import type { Payment } from "./payment.ts";

interface OverProps {
  readonly payment: Payment;
  readonly outcome: Outcome;
  readonly onNew: () => void;
  /** The same once more; `repeatOf`: although the first one is known. */
  readonly onRepeat: (repeatOf: string | undefined) => void;
}

/** Step 4: how it ended, whether anything was done, and what to do next. The phone has the last word. */
export function Over({ payment, outcome, onNew, onRepeat }: OverProps): JSX.Element {
  const isTimeUp = payment.until !== undefined && payment.until <= Date.now() + CLOCKS_DIFFER_MS;
  const { id, tone, mayRepeat, detail } = tellOutcome(outcome, { wasCreated: payment.tag !== "", isTimeUp });
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    title.current?.focus();
    announce(t(`over-${id}`));
  }, [id]);
  return (
    <>
      <div class={`outcome outcome-${tone}`}>
        <h1 ref={title} tabIndex={-1}>
          <span aria-hidden="true">{SIGNS[tone]} </span>
          {t(`over-${id}`)}
        </h1>
        <p>{findWords(`over-${id}-next`)}</p>
        {detail !== "" && (
          <p class="fine" dir="auto">
            <bdi>{detail}</bdi>
          </p>
        )}
        {payment.broken !== undefined && <p class="fine">{t(`broken-${payment.broken}-before`)}</p>}
      </div>
      <p class="note">
        <strong>{t("phone-last-word")}</strong>
      </p>
      {outcome.state === "EXECUTED" && session.value !== undefined && (
        <ReceiptPanel json={outcome.receipt.json} pinned={session.value} />
      )}
      <p class="choices">
        <button type="button" onClick={onNew}>
          {t("over-new")}
        </button>
        {mayRepeat && (
          <button type="button" class="secondary" onClick={() => onRepeat(undefined)}>
            {t("over-again")}
          </button>
        )}
        {outcome.state === "DUPLICATE" && (
          <button type="button" class="secondary" onClick={() => onRepeat(outcome.first)}>
            {t("over-twice")}
          </button>
        )}
      </p>
    </>
  );
}

const SIGNS = { good: "✔", bad: "⛔", waiting: "?" } as const;

/** Clocks of core and PC, and the way between them. */
const CLOCKS_DIFFER_MS = 2_000;
