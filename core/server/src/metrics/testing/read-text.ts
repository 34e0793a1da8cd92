// For tests: reads what Prometheus would read, and says which label has a value that no closed list has.
import {
  ATTEMPTS,
  CHANNELS,
  CODES,
  COMMITS,
  CURBS,
  LOADS,
  METHODS,
  SETTLED,
  SHEDS,
  VERDICTS,
  WEBHOOK_OUTCOMES,
  WEBHOOK_RESULTS,
} from "../label-sets.ts";
import { STATES } from "../../transaction/state-names.ts";

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadText {
  /** Of the series with exactly these labels; 0 if there is none. */
  readonly value: (name: string, labels: Readonly<Record<string, string>>) => number;
  /** Of every metric that has a HELP line, whether it has a series or not. */
  readonly names: ReadonlySet<string>;
  /** "label=value" of every label that is unknown, or has a value that no list has. */
  readonly strays: () => string[];
}

const NUMBER = /^[0-9]+(\.[0-9]+)?$/;
const oneOf = (values: Iterable<string>): ((value: string) => boolean) => {
  const known = new Set(values);
  return (value) => known.has(value);
};

const ALLOWED: Readonly<Record<string, (value: string) => boolean>> = {
  state: oneOf(STATES),
  compared: oneOf(["yes", "no"]),
  reason: oneOf([...VERDICTS, ...SHEDS, "other"]),
  channel: oneOf([...CHANNELS, "other"]),
  method: oneOf([...METHODS, "other"]),
  code: oneOf([...CODES, "other"]),
  quantile: oneOf(["0.5", "0.99", "1"]),
  le: (value) => value === "+Inf" || NUMBER.test(value),
  how: oneOf(CURBS),
  outcome: oneOf([...ATTEMPTS, ...COMMITS, ...LOADS, ...SETTLED, ...WEBHOOK_OUTCOMES]),
  result: oneOf([...WEBHOOK_RESULTS, "other"]),
};

export function readText(text: string): ReadText {
  const series = text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(readLine);
  const names = new Set([...text.matchAll(/^# HELP ([a-z_]+) /gm)].map(([, name = ""]) => name));
  return {
    names,
    value: (name, labels) => series.find((one) => one.name === name && sameLabels(one.labels, labels))?.value ?? 0,
    strays: () =>
      series.flatMap(({ labels }) =>
        Object.entries(labels)
          .filter(([label, value]) => !isLabel(label, value))
          .map(([label, value]) => `${label}=${value}`),
      ),
  };
}

/** Whether a label may have this value. */
export function isLabel(label: string, value: string): boolean {
  return ALLOWED[label]?.(value) === true;
}

function readLine(line: string): Series {
  const [, name = "", , labels = "", value] = /^([a-z_]+)(\{(.*)\})? ([^ ]+)$/.exec(line) ?? [];
  if (name === "") throw new Error(`no series: ${line}`);
  const pairs = [...labels.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, label = "", text = ""]) => [label, text] as const);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}

function sameLabels(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
