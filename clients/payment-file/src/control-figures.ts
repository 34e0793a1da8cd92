import { scaledInteger } from "./decimal.ts";
import { childAt, childrenOf, textAt, type Element } from "./element.ts";
import type { Findings } from "./findings.ts";
import { count as isCount, decimal } from "./value-rule.ts";

/** Decimals of the standard's control sum, whatever the currencies: amounts are added as plain numbers. */
const SCALE = 17;

/** Compares NbOfTxs and CtrlSum, where they stand, with what the file holds: in all, and group by group. */
export function checkControlFigures(root: Element, findings: Findings): void {
  const initiation = childAt(root, "CstmrCdtTrfInitn");
  const header = initiation && childAt(initiation, "GrpHdr");
  if (initiation === undefined || header === undefined) return;
  const groups = childrenOf(initiation, "PmtInf");
  for (const group of groups) checkFigures(group, [group], findings);
  checkFigures(header, groups, findings);
}

function checkFigures(stated: Element, groups: readonly Element[], findings: Findings): void {
  const payments = groups.flatMap((group) => childrenOf(group, "CdtTrfTxInf"));
  const count = textAt(stated, "NbOfTxs");
  if (count !== undefined && isCount(count.value) === undefined && BigInt(count.value) !== BigInt(payments.length)) {
    findings.add(count.element, `says ${count.value}, and there are ${payments.length} payments`);
  }
  const sum = textAt(stated, "CtrlSum");
  const texts = payments.map((payment) => childAt(payment, "Amt", "InstdAmt")?.text ?? "");
  // A number that is none has its own finding already.
  if (sum === undefined || [sum.value, ...texts].some((text) => decimal(text) !== undefined)) return;
  const total = texts.reduce((before, text) => before + (scaledInteger(text, SCALE) ?? 0n), 0n);
  if (scaledInteger(sum.value, SCALE) !== total) {
    findings.add(sum.element, `says ${sum.value}, and the amounts add up to ${decimalText(total)}`);
  }
}

function decimalText(total: bigint): string {
  const digits = total.toString().padStart(SCALE + 1, "0");
  const fraction = digits.slice(-SCALE).replace(/0+$/, "");
  return `${digits.slice(0, -SCALE)}.${fraction.padEnd(2, "0")}`;
}
