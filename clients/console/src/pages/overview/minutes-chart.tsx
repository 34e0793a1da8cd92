import { locale, msOf, t } from "@countersign/pages";
import type { EndedCount } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Chart, type Series } from "../../ui/chart.tsx";

/** How transactions ended, minute by minute. */
export function MinutesChart({ minutes }: { minutes: readonly EndedCount[] }): JSX.Element {
  // The same figures are the same objects, so that nothing is drawn anew while nothing changes.
  const figures = JSON.stringify(minutes.map((minute) => [msOf(minute.start ?? ZERO), ...countsOf(minute)]));
  const { times, series } = useMemo(() => drawnOf(figures), [figures, locale.value]);
  return <Chart caption={t("overview-chart")} times={times} series={series} />;
}

const ZERO = { seconds: 0n, nanos: 0 };

function countsOf({ confirmed, rejected, tampered, expired, locked, undeliverable }: EndedCount): number[] {
  return [confirmed, rejected, tampered, expired + locked + undeliverable].map(Number);
}

const DASHES = [undefined, [8, 4], [2, 3], [12, 3, 2, 3]] as const;
const LABELS = ["overview-confirmed", "overview-rejected", "overview-tampered", "overview-expired"];

function drawnOf(figures: string): { readonly times: readonly number[]; readonly series: readonly Series[] } {
  const rows = JSON.parse(figures) as readonly (readonly number[])[];
  const series = LABELS.map((label, at) => {
    const dash = DASHES[at];
    const values = rows.map((row) => row[at + 1] ?? 0);
    return { label: t(label), values, ...(dash === undefined ? {} : { dash }) };
  });
  return { times: rows.map(([ms = 0]) => ms), series };
}
