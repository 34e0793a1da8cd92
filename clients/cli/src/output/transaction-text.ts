import { kindName, Kind, Label, labelName, type Line } from "@countersign/protocol";
import { printable } from "./printable.ts";

/** The transaction in one line for a list of open ones: what is paid to whom, or the first two values of another kind. */
export function summaryOf(kind: Kind, lines: readonly Line[]): string {
  const value = (label: Label): string | undefined => lines.find((line) => line.label === label)?.value;
  const amount = value(Label.AMOUNT);
  if (kind === Kind.PAY && amount !== undefined) {
    return printable(`${amount} → ${value(Label.TO) ?? ""}  ${value(Label.ACCOUNT) ?? ""}`.trim());
  }
  if (kind === Kind.PAY) {
    const totals = lines.filter(({ label }) => label === Label.TOTAL).map((line) => line.value);
    return printable(`${value(Label.COUNT) ?? "?"} payments, ${totals.join(" + ")}`);
  }
  const two = lines.slice(0, 2).map((line) => line.value);
  return printable(`${kindName(kind)}  ${two.join("  ")}`);
}

/** Every line with its label, aligned; in plain style one `Label: value` each. */
export function linesText(lines: readonly Line[], plain: boolean): string[] {
  const widest = Math.max(...lines.map(({ label }) => labelName(label).length));
  return lines.map(({ label, value }) => {
    const name = plain ? `${labelName(label)}:` : labelName(label).padEnd(widest + 1);
    return `${name} ${printable(value)}`;
  });
}

/** Lines for --json: number, English name, value. */
export function linesJson(lines: readonly Line[]): { label: number; name: string; value: string }[] {
  return lines.map(({ label, value }) => ({ label, name: labelName(label), value }));
}
