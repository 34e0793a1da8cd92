import { FileDrop, ReceiptPanel, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { session } from "../bank/bank.ts";

interface Dropped {
  readonly name: string;
  readonly json: Uint8Array;
}

/** No receipt is as long; more is not read. */
const MOST_BYTES = 1_048_576;

/** Checks any receipt of this bank's core that somebody has as a file. Nothing of it is sent anywhere. */
export function ReceiptCheck(): JSX.Element | null {
  const [dropped, setDropped] = useState<Dropped | undefined>(undefined);
  if (session.value === undefined) return null;
  const take = async (file: File): Promise<void> => {
    setDropped({ name: file.name, json: new Uint8Array(await file.slice(0, MOST_BYTES).arrayBuffer()) });
  };
  return (
    <details class="check">
      <summary>{t("check-receipt")}</summary>
      <FileDrop
        {...{ label: t("check-choose"), hint: t("check-hint"), accept: ".json,application/json" }}
        onFile={(file) => void take(file)}
      />
      {dropped !== undefined && <ReceiptPanel json={dropped.json} pinned={session.value} fileName={dropped.name} />}
    </details>
  );
}
