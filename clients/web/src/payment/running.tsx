import { announce, CodeForm, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { session } from "../bank/bank.ts";
import { Clock } from "./clock.tsx";
import { code, goOn, isCoreSilent, isElsewhere, putAway, withdraw } from "./desk.ts";
import { KeyHelp } from "./key-help.tsx";
import type { Payment } from "./payment.ts";

/** Steps 2 and 3: what key and phone wait for, and how long. */
export function Running({ payment }: { payment: Payment }): JSX.Element {
  const { waiting, way, again, broken, withdrawing, approvals, until } = payment;
  const isCodeHere = waiting === "code" && code.wanted.value;
  const words = isElsewhere.value
    ? t("elsewhere-this")
    : broken === undefined
      ? t(`waiting-${isCodeHere ? "code-here" : waiting}`, approvals === undefined ? {} : { ...approvals })
      : t(`broken-${broken}`);
  useEffect(() => {
    if (until === undefined) announce(words);
    else announce(t("waiting-left", { what: words, seconds: Math.max(0, Math.round((until - Date.now()) / 1000)) }));
  }, [words]);
  const counts = waiting !== "bank" && waiting !== "others" && broken === undefined && !isElsewhere.value;

  return (
    <>
      <p class={`now now-${broken === undefined ? "going" : "broken"}`}>{words}</p>
      {again && broken === undefined && <p class="note note-warn">{t("waiting-again")}</p>}
      {counts && <Clock until={until} />}
      {code.wanted.value && <CodeForm busy={false} onCode={(given) => code.give(given)} />}
      <Offline />
      {isCoreSilent.value && (
        <p class="note note-warn" role="status">
          {t("core-silent")}
        </p>
      )}
      {withdrawing !== undefined && (
        <p class="note" role="status">
          {t(`withdrawing-${withdrawing}`)}
        </p>
      )}
      {broken !== undefined && !isElsewhere.value && <Again payment={payment} />}
      {broken === undefined && waiting === "showing" && way === "daemon" && <KeyHelp />}
      {waiting !== "bank" && !isElsewhere.value && (
        <button type="button" class="secondary outline" disabled={withdrawing !== undefined} onClick={withdraw}>
          {t("key-withdraw")}
        </button>
      )}
    </>
  );
}

/** After something broke: looks again how it stands, or leaves it to its end. */
function Again({ payment }: { payment: Payment }): JSX.Element {
  const { value: here } = session;
  return (
    <p class="choices">
      <button type="button" disabled={here === undefined} onClick={() => here !== undefined && void goOn(here)}>
        {t(payment.tag === "" ? "broken-again" : "broken-look")}
      </button>
      <button type="button" class="secondary" onClick={putAway}>
        {t("broken-leave")}
      </button>
    </p>
  );
}

/** Says so while this PC has no network: the payment does not need this page. */
function Offline(): JSX.Element | null {
  const [off, setOff] = useState(!navigator.onLine);
  useEffect(() => {
    const look = (): void => setOff(!navigator.onLine);
    window.addEventListener("online", look);
    window.addEventListener("offline", look);
    return () => {
      window.removeEventListener("online", look);
      window.removeEventListener("offline", look);
    };
  }, []);
  if (!off) return null;
  return (
    <p class="note note-warn" role="status">
      {t("offline")}
    </p>
  );
}
