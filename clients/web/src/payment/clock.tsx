import { Countdown, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

/** How long it can still be confirmed; told aloud at 60, 30 and 10 seconds. Nothing where there is no limit any more. */
export function Clock({ until }: { until: number | undefined }): JSX.Element | null {
  const lifetimeMs = useMemo(() => (until === undefined ? 0 : Math.max(0, until - Date.now())), [until]);
  if (until === undefined) return null;
  return (
    <p class="clock">
      <span class="heard-only">{t("clock")} </span>
      <Countdown lifetimeMs={lifetimeMs} />
    </p>
  );
}
