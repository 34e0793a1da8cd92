import { Lines, t } from "@countersign/pages";
import type { Line } from "@countersign/protocol";
import type { JSX } from "preact";

interface MeantPanelProps {
  /** Empty: nothing yet that could be shown. */
  readonly lines: readonly Line[];
  /** Two words that key and phone show, too. */
  readonly tag?: string;
}

/** What the user means to pay, large and always in view: it is what he compares key and phone with. */
export function MeantPanel({ lines, tag = "" }: MeantPanelProps): JSX.Element {
  return (
    <aside class="meant" aria-labelledby="meant-title">
      <h2 id="meant-title">{t("meant-title")}</h2>
      {lines.length === 0 ? <p class="fine">{t("meant-empty")}</p> : <Lines lines={lines} />}
      {lines.length > 0 && <p class="fine">{t("meant-compare")}</p>}
      {tag !== "" && (
        <p>
          {t("key-tag")} <strong class="tag">{tag}</strong>
        </p>
      )}
    </aside>
  );
}
