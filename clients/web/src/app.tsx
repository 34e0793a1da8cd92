import { LanguageChooser, LiveRegion, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type BankSession, logOut, session } from "./bank/bank.ts";
import { LoginForm } from "./bank/login-form.tsx";
import { DetailsPage } from "./details/details-page.tsx";
import { MeantPanel } from "./meant-panel.tsx";
import { goOn, pay, payment, putAway } from "./payment/desk.ts";
import type { Order } from "./payment/order.ts";
import { Over } from "./payment/over.tsx";
import { doneOf, type Payment, stepOf, type Way } from "./payment/payment.ts";
import { type ChosenKey, Prepare } from "./payment/prepare.tsx";
import { Running } from "./payment/running.tsx";
import { ReceiptCheck } from "./receipt/receipt-check.tsx";
import { Storyboard } from "./storyboard.tsx";

/** The web client: for who is logged in at the bank, and for who is not. */
export function App(): JSX.Element {
  const { value: here } = session;
  return (
    <>
      <a class="skip" href="#main">
        {t("skip")}
      </a>
      <header class="top-bar">
        <strong class="brand">Countersign</strong>
        <div class="top-choices">
          <LanguageChooser />
          {here !== undefined && payment.value === undefined && (
            <button type="button" class="secondary outline" onClick={() => void logOut()}>
              {t("log-out")}
            </button>
          )}
        </div>
      </header>
      <p class="banner">{t("banner")}</p>
      <main id="main" tabIndex={-1}>
        {here === undefined ? <LoginForm /> : <Paying key={here.user} here={here} />}
      </main>
      <LiveRegion />
    </>
  );
}

/** An order on its way to a key. */
interface Ordered {
  readonly order: Order;
  readonly way: Way;
  readonly repeatOf: string | undefined;
}

function Paying({ here }: { here: BankSession }): JSX.Element {
  const [ordered, setOrdered] = useState<Ordered | undefined>(undefined);
  useEffect(() => void goOn(here), [here]);
  const begin = (what: Ordered, key: ChosenKey): void => {
    setOrdered(undefined);
    void pay({ ...what, ...key, requestId: crypto.randomUUID() }, here);
  };
  const order = (what: Ordered): void => {
    putAway();
    if (what.way === "browser") begin(what, { deviceId: "", takesCode: true });
    else setOrdered(what);
  };
  const { value: running } = payment;
  if (running !== undefined) return <Paid running={running} onOrder={order} />;
  if (ordered !== undefined) {
    return (
      <>
        <Storyboard step={2} done={1} />
        <div class="desk">
          <MeantPanel lines={ordered.order.lines} />
          <section class="work" aria-label={t("story-2")}>
            <Prepare onReady={(key) => begin(ordered, key)} />
            <button type="button" class="secondary outline" onClick={() => setOrdered(undefined)}>
              {t("prepare-back")}
            </button>
          </section>
        </div>
      </>
    );
  }
  return (
    <>
      <Storyboard step={1} done={0} />
      <div class="desk">
        <DetailsPage onOrder={(made, way) => order({ order: made, way, repeatOf: undefined })} />
      </div>
      <ReceiptCheck />
    </>
  );
}

function Paid({ running, onOrder }: { running: Payment; onOrder: (what: Ordered) => void }): JSX.Element {
  const { order, way, outcome, tag } = running;
  return (
    <>
      <Storyboard step={stepOf(running)} done={doneOf(running)} />
      <div class="desk">
        <MeantPanel lines={order.lines} tag={tag} />
        <section class="work" aria-label={t(`story-${stepOf(running)}`)}>
          {outcome === undefined ? (
            <Running payment={running} />
          ) : (
            <Over
              {...{ payment: running, outcome, onNew: putAway }}
              onRepeat={(repeatOf) => onOrder({ order, way, repeatOf })}
            />
          )}
        </section>
      </div>
      {outcome !== undefined && <ReceiptCheck />}
    </>
  );
}
