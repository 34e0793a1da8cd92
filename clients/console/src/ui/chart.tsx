import { formatClock, formatMoment, locale, t } from "@countersign/pages";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import UPlot from "uplot";

/** One line of a chart. */
export interface Series {
  readonly label: string;
  /** One for each moment; undefined: nothing is known. */
  readonly values: readonly (number | undefined)[];
  /** How the line is drawn beside its colour, so that colour is not all that tells lines apart. */
  readonly dash?: readonly number[];
}

interface ChartProps {
  readonly caption: string;
  /** Unix milliseconds, rising. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
}

/** A chart over time, and the same figures as a table for those who read rather than look. */
export function Chart({ caption, times, series }: ChartProps): JSX.Element {
  const [asTable, setAsTable] = useState(false);
  return (
    <figure class="chart">
      <figcaption>
        {caption}{" "}
        <button type="button" class="link" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {t("show-as-table")}
        </button>
      </figcaption>
      {asTable ? <Figures {...{ caption, times, series }} /> : <Drawing {...{ caption, times, series }} />}
    </figure>
  );
}

const COLOURS = ["--chart-1", "--chart-2", "--chart-3", "--chart-4"];
const MARKS = ["solid", "dashed", "dotted", "double"];
const HEIGHT = 220;
/** Between lines of the grid: what is counted comes whole. */
const WHOLE = [1, 2, 5].flatMap((digit) => [digit, digit * 10, digit * 100, digit * 1e3, digit * 1e4, digit * 1e5]);
/** So much of the height stays free above the highest line. */
const AIR = 1.05;

function Drawing({ caption, times, series }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const into = place.current;
    if (into === null) return;
    const style = getComputedStyle(into);
    const axis = { stroke: style.color, grid: { stroke: style.getPropertyValue("--chart-grid") } };
    const clock = (_plot: UPlot, at: number[]): string[] => at.map((s) => formatClock(s * 1000, locale.value));
    const { stepped } = UPlot.paths;
    const plot = new UPlot(
      {
        width: into.clientWidth,
        height: HEIGHT,
        cursor: { show: false },
        series: [
          {},
          ...series.map(({ label, dash }, at) => ({
            ...{ label, width: 2, stroke: style.getPropertyValue(COLOURS[at % COLOURS.length] ?? "") },
            // A count is of its whole minute, and nothing lies between two of them.
            ...{ points: { show: false }, ...(stepped === undefined ? {} : { paths: stepped({ align: 1 }) }) },
            ...(dash === undefined ? {} : { dash: [...dash] }),
          })),
        ],
        axes: [
          { ...axis, values: clock },
          { ...axis, incrs: WHOLE.toSorted((one, other) => one - other) },
        ],
        scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, most) * AIR] } },
        legend: { live: false, markers: { dash: (_plot, at) => MARKS[(at - 1) % MARKS.length] ?? "solid" } },
      },
      [times.map((ms) => ms / 1000), ...series.map(({ values }) => values.map((value) => value ?? null))],
      into,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: into.clientWidth, height: HEIGHT }));
    watch.observe(into);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [times, series]);
  return <div ref={place} class="chart-place" role="img" aria-label={t("chart-of", { caption })} />;
}

function Figures({ caption, times, series }: ChartProps): JSX.Element {
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("time")}</th>
            {series.map(({ label }) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((ms, row) => (
            <tr key={ms}>
              <th scope="row">{formatMoment(ms, locale.value)}</th>
              {series.map(({ label, values }) => (
                <td key={label}>{values[row] ?? "–"}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
