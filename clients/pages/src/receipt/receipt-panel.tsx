import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { t } from "../i18n/words.ts";
import { Lines } from "../ui/lines.tsx";
import { saveFile } from "../ui/save-file.ts";
import { type PinnedHex, type ReadReceipt, readReceipt } from "./read-receipt.ts";

interface ReceiptPanelProps {
  readonly json: Uint8Array;
  readonly pinned: PinnedHex;
  /** Shown above what a dropped file says; absent: it came from the core, and may be saved. */
  readonly fileName?: string;
}

/** A receipt, checked here and now against the core of the set-up, and what it says. */
export function ReceiptPanel({ json, pinned, fileName }: ReceiptPanelProps): JSX.Element {
  const read = useMemo(() => readReceipt(json, pinned), [json, pinned]);
  return (
    <section class={`receipt note ${read.ok ? "note-good" : "note-bad"}`} aria-label={t("receipt")} role="status">
      {fileName !== undefined && (
        <p class="fine">
          <bdi>{fileName}</bdi>
        </p>
      )}
      {read.ok ? <Verified read={read} /> : <Unverified part={read.part} why={read.why} />}
      {read.ok && fileName === undefined && (
        <button
          type="button"
          class="secondary"
          onClick={() => saveFile(`receipt-${read.name}.json`, new TextDecoder().decode(json))}
        >
          {t("receipt-save")}
        </button>
      )}
    </section>
  );
}

function Verified({ read }: { read: Extract<ReadReceipt, { ok: true }> }): JSX.Element {
  const { name, state, time, issuer, transactionId, keyId, isWeaker, approvers, lines } = read;
  return (
    <>
      <p>
        <strong>{t("receipt-verified", { name, state: t(`receipt-state-${state}`) })}</strong>
      </p>
      <p>{t("receipt-proves")}</p>
      {isWeaker && <p>{t("receipt-weaker")}</p>}
      {approvers.length > 0 && <p>{t("receipt-approvers", { names: approvers.join(", ") })}</p>}
      <details>
        <summary>{t("receipt-details")}</summary>
        <Lines lines={lines} />
        <p class="fine">
          <bdi>{issuer}</bdi> · <time dateTime={time}>{time}</time>
        </p>
        <p class="fine">
          {t("receipt-transaction")} <code class="id">{transactionId}</code>
        </p>
        <p class="fine">
          {t("receipt-key")} <code class="id">{keyId}</code>
        </p>
      </details>
    </>
  );
}

function Unverified({ part, why }: { part: string; why: string }): JSX.Element {
  return (
    <>
      <p>
        <strong>{t("receipt-unverified")}</strong>
      </p>
      <p class="fine" lang="en" dir="auto">
        <code>{part}</code> {why}
      </p>
    </>
  );
}
