import { announce, FileDrop, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { MeantPanel } from "../meant-panel.tsx";
import type { Order } from "../payment/order.ts";
import type { Way } from "../payment/payment.ts";
import { PaidElsewhere } from "./paid-elsewhere.tsx";
import { type FileRead, readOrderFile } from "./file-order.ts";
import { Findings } from "./findings.tsx";
import { EMPTY, type Faults, isEmpty, readTyped, type Typed } from "./typed-order.ts";
import { TypedForm } from "./typed-form.tsx";
import { keepWay, usualWay, WayChoice } from "./way-choice.tsx";

interface DetailsPageProps {
  readonly onOrder: (order: Order, way: Way) => void;
}

/** Step 1: what is to be paid, typed or from a file, and by which key. */
export function DetailsPage({ onOrder }: DetailsPageProps): JSX.Element {
  const [typed, setTyped] = useState<Typed>(EMPTY);
  const [file, setFile] = useState<FileRead | undefined>(undefined);
  const [way, setWay] = useState<Way>(usualWay);
  const [looked, setLooked] = useState(false);

  const read = file === undefined ? readTyped(typed) : undefined;
  const order =
    file !== undefined && "order" in file ? file.order : read !== undefined && "order" in read ? read.order : undefined;
  const faults: Faults = looked && read !== undefined && "faults" in read ? read.faults : {};

  const take = async (given: File): Promise<void> => {
    const found = await readOrderFile(given);
    setFile(found);
    announce("order" in found ? t("file-taken", { name: found.name }) : t("file-refused", { name: found.name }));
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setLooked(true);
    if (order !== undefined) return onOrder(order, way);
    const form = event.currentTarget as HTMLFormElement;
    // The first field that is wrong has the focus, once it is told.
    setTimeout(() => form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  return (
    <>
      <MeantPanel lines={order?.lines ?? []} />
      <section class="work" aria-labelledby="details-title">
        <h1 id="details-title" tabIndex={-1}>
          {t("details-title")}
        </h1>
        <PaidElsewhere />
        <form onSubmit={submit} autoComplete="off" noValidate>
          {file === undefined ? (
            <TypedForm typed={typed} faults={faults} onTyped={setTyped} />
          ) : (
            <ChosenFile read={file} onLeave={() => setFile(undefined)} />
          )}
          {(file !== undefined || isEmpty(typed)) && (
            <FileDrop
              {...{ label: t(file === undefined ? "file-choose" : "file-other"), hint: t("file-hint") }}
              accept=".xml,application/xml,text/xml"
              onFile={(given) => void take(given)}
            />
          )}
          <WayChoice
            way={way}
            onWay={(chosen) => {
              keepWay(chosen);
              setWay(chosen);
            }}
          />
          <button type="submit" disabled={file !== undefined && order === undefined}>
            {t("details-go")}
          </button>
          <p class="fine">{t("details-nothing-yet")}</p>
        </form>
      </section>
    </>
  );
}

function ChosenFile({ read, onLeave }: { read: FileRead; onLeave: () => void }): JSX.Element {
  return (
    <>
      {"findings" in read ? (
        <Findings read={read} />
      ) : (
        <p class="note note-good" role="status">
          {t("file-taken", { name: read.name })}
        </p>
      )}
      <button type="button" class="secondary outline" onClick={onLeave}>
        {t("file-leave")}
      </button>
    </>
  );
}
