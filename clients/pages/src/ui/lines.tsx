import type { Line } from "@countersign/proto/web/core/v1/content";
import type { JSX } from "preact";
import { t } from "../i18n/words.ts";

/** Lines of a transaction as key and chat show them: labels in the reader's language, values as they are. */
export function Lines({ lines }: { lines: readonly Line[] }): JSX.Element {
  return (
    <dl class="lines">
      {lines.map(({ label, value }, at) => (
        <div key={at}>
          <dt>{t(`label-${label}`)}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
