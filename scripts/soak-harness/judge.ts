// Pure: whether memory and latency at the end are those of the beginning.

/** What was seen in one part of the time. */
export interface Sample {
  /** Since the beginning. */
  readonly seconds: number;
  /** So far. */
  readonly lives: number;
  readonly rssMb: number;
  /** Milliseconds of each life in this part. */
  readonly millis: readonly number[];
}

export interface Verdict {
  /** Megabytes a minute, by least squares over all but the first quarter. */
  readonly rssSlope: number;
  /** The same for a thousand lives: what the core remembers of each is no leak. */
  readonly rssPerThousand: number;
  readonly rssMb: readonly [first: number, last: number];
  readonly p99Ms: readonly [first: number, last: number];
  /** Of the last tenth against the first. */
  readonly p99Drift: number;
}

export function judge(samples: readonly Sample[]): Verdict {
  const settled = samples.slice(Math.floor(samples.length / 4));
  const tenth = Math.max(1, Math.floor(samples.length / 10));
  const p99 = (part: readonly Sample[]): number =>
    quantile(
      part.flatMap(({ millis }) => [...millis]),
      0.99,
    );
  const first = p99(samples.slice(0, tenth));
  const last = p99(samples.slice(-tenth));
  const memory = (of: (sample: Sample) => number): number => slope(settled.map((one) => [of(one), one.rssMb]));
  return {
    rssSlope: rounded(memory(({ seconds }) => seconds / 60)),
    rssPerThousand: rounded(memory(({ lives }) => lives / 1000)),
    rssMb: [Math.round(settled[0]?.rssMb ?? 0), Math.round(settled.at(-1)?.rssMb ?? 0)],
    p99Ms: [rounded(first), rounded(last)],
    p99Drift: first === 0 ? 0 : rounded(last / first - 1),
  };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

/** Of the line through the points that misses them least; 0 where there is none. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mx = mean(points.map(([x]) => x));
  const my = mean(points.map(([, y]) => y));
  const spread = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread;
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

function mean(of: readonly number[]): number {
  return of.reduce((sum, one) => sum + one, 0) / Math.max(1, of.length);
}
