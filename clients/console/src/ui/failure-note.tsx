import { t } from "@countersign/pages";
import type { JSX } from "preact";
import type { CoreFailure } from "../connection/core-failure.ts";
import { failureText, nextStep } from "./failure-text.ts";

/** What the core refused, why, and what helps. Announced when it appears. */
export function FailureNote({
  failure,
  onRetry,
}: {
  failure: CoreFailure;
  onRetry?: (() => void) | undefined;
}): JSX.Element {
  const reason = failure.reason === "" ? String(failure.code) : failure.reason;
  return (
    <div class="note note-bad" role="alert">
      <p>
        <strong>{failureText(failure)}</strong> {nextStep(failure)}
      </p>
      {failure.violations.length > 0 && (
        <ul>
          {failure.violations.map(({ field, description }) => (
            <li key={field}>
              <code>{field}</code> <span dir="auto">{description}</span>
            </li>
          ))}
        </ul>
      )}
      <p class="fine">
        {t("failure-reason")} <code>{reason}</code>
      </p>
      {onRetry !== undefined && (
        <button type="button" class="secondary" onClick={onRetry}>
          {t("try-again")}
        </button>
      )}
    </div>
  );
}
