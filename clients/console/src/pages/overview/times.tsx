import { t } from "@countersign/pages";
import type { AdminServiceGetSummaryResponse } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { Facts } from "../state/facts.tsx";

interface Duration {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** How long people took to confirm, and codes to arrive. */
export function Times({ summary }: { summary: AdminServiceGetSummaryResponse }): JSX.Element {
  const { timeToConfirm, platforms } = summary;
  return (
    <section aria-labelledby="times">
      <h2 id="times">{t("overview-times")}</h2>
      <Facts
        facts={[
          [t("overview-confirm"), secondsText(timeToConfirm?.median)],
          ...platforms.map(({ platform, time, failed }) => {
            const lost = failed > 0n ? ` · ${t("overview-failed-of", { count: Number(failed) })}` : "";
            return [t("overview-delivery", { platform }), `${secondsText(time?.p95)}${lost}`] as const;
          }),
        ]}
      />
    </section>
  );
}

// Told to 5 %: a digit behind the point below ten seconds is all that it is good for.
function secondsText(duration: Duration | undefined): string {
  if (duration === undefined) return t("overview-no-figure");
  const seconds = Number(duration.seconds) + duration.nanos / 1e9;
  return t("overview-seconds", { seconds: seconds < 10 ? seconds.toFixed(1) : String(Math.round(seconds)) });
}
