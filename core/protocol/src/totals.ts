import type { Amount } from "./amount.ts";
import type { Field } from "./field.ts";
import { Kind } from "./kind.ts";
import { Label, labelName } from "./label.ts";
import { ProtocolError } from "./protocol-error.ts";

// Arithmetic that a reader would do in his head (docs/protocol/content.md section 4):
//   a batch    total per currency = its payment lines; count = their number; no amount, to or account beside them
//   otherwise  total per currency = amount + fee, where a total is given
//   pay and transfer move something: no amount, payment or total is zero

const SINGLE: readonly Label[] = [Label.AMOUNT, Label.TO, Label.ACCOUNT];

/** Throws `bad-total` or `bad-amount` when PAY or TRANSFER does not add up, naming `name[i]`. Other kinds pass. */
export function checkTotals(kind: Kind, fields: readonly Field[], name: string): void {
  if (kind !== Kind.PAY && kind !== Kind.TRANSFER) return;
  checkNotZero(fields, name);
  const isBatch = fields.some(({ label }) => label === Label.PAYMENT);
  if (isBatch) checkBatch(fields, name);
  const parts = isBatch ? [Label.PAYMENT] : [Label.AMOUNT, Label.FEE];
  const sums = new Map<string, bigint>();
  for (const { label, value } of fields) {
    if ((parts as Label[]).includes(label) && "amount" in value) add(sums, value.amount);
  }
  checkSums(fields, sums, name, isBatch);
}

function checkNotZero(fields: readonly Field[], name: string): void {
  for (const [i, { label, value }] of fields.entries()) {
    if (label === Label.FEE || label === Label.LIMIT || !("amount" in value) || value.amount.minorUnits > 0n) continue;
    throw new ProtocolError("bad-amount", "a payment of nothing", { field: `${name}[${i}].value` });
  }
}

function checkBatch(fields: readonly Field[], name: string): void {
  const payments = fields.filter(({ label }) => label === Label.PAYMENT).length;
  for (const [i, { label, value }] of fields.entries()) {
    const field = `${name}[${i}].value`;
    if (value.type === "count" && value.count !== payments) {
      throw new ProtocolError("bad-total", `the count says ${value.count}, the lines are ${payments}`, { field });
    }
    if (SINGLE.includes(label)) {
      throw new ProtocolError("bad-total", `"${labelName(label)}" does not stand beside payment lines`, { field });
    }
  }
}

function checkSums(fields: readonly Field[], sums: Map<string, bigint>, name: string, isBatch: boolean): void {
  const totals = new Set<string>();
  for (const [i, { label, value }] of fields.entries()) {
    if (label === Label.COUNT && !isBatch) refuse("a count stands beside payment lines only", i, name);
    if (label !== Label.TOTAL || value.type !== "amount") continue;
    const { currency, minorUnits } = value.amount;
    if (totals.has(currency)) refuse(`a second total in ${currency}`, i, name);
    if (sums.get(currency) !== minorUnits) refuse("the total disagrees with the lines it sums up", i, name);
    totals.add(currency);
  }
  if (totals.size === 0) return;
  for (const currency of sums.keys()) {
    if (totals.has(currency)) continue;
    throw new ProtocolError("bad-total", `no total in ${currency}`, { field: name });
  }
}

function add(sums: Map<string, bigint>, { currency, minorUnits }: Amount): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + minorUnits);
}

function refuse(why: string, i: number, name: string): never {
  throw new ProtocolError("bad-total", why, { field: `${name}[${i}].value` });
}
