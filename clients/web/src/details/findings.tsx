import { t } from "@countersign/pages";
import type { JSX } from "preact";
import type { FileRead } from "./file-order.ts";

/** Why a payment file is not taken: each element with the rule that it breaks. */
export function Findings({ read }: { read: Extract<FileRead, { findings: unknown }> }): JSX.Element {
  return (
    <section class="note note-bad" role="alert">
      <p>
        <strong>{t("file-refused", { name: read.name })}</strong> {t("file-refused-next")}
      </p>
      <ul class="findings">
        {read.findings.map(({ element, rule, line }, at) => (
          <li key={at}>
            {line > 0 && <span>{t("file-line", { line })} </span>}
            <code dir="ltr">{element}</code>{" "}
            <span lang="en" dir="auto">
              {rule}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
