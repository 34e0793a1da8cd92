import type { Amount, Field } from "@countersign/protocol";
import type { AmountLimit } from "./policy.ts";

/** How much a transaction is about: the largest amount of each currency, payments of a batch added up. */
export function amountsOf(fields: readonly Field[]): Amount[] {
  const largest = new Map<string, bigint>();
  const summed = new Map<string, bigint>();
  for (const { value } of fields) {
    if (value.type === "amount") raise(largest, value.amount);
    if (value.type !== "payment") continue;
    const { currency, minorUnits } = value.amount;
    summed.set(currency, (summed.get(currency) ?? 0n) + minorUnits);
  }
  for (const [currency, minorUnits] of summed) raise(largest, { currency, minorUnits });
  return [...largest].map(([currency, minorUnits]) => ({ currency, minorUnits }));
}

/** High value from the limit on; a currency without a limit of its own cannot be compared and counts as high. */
export function isHighValue(amounts: readonly Amount[], limits: readonly AmountLimit[]): boolean {
  if (limits.length === 0) return false;
  return amounts.some(({ currency, minorUnits }) => {
    const limit = limits.find((one) => one.currency === currency);
    return limit === undefined || minorUnits >= limit.minorUnits;
  });
}

/** The first amount above its limit, or in a currency that has none. */
export function amountBeyond(amounts: readonly Amount[], limits: readonly AmountLimit[]): Amount | undefined {
  if (limits.length === 0) return undefined;
  return amounts.find(({ currency, minorUnits }) => {
    const limit = limits.find((one) => one.currency === currency);
    return limit === undefined || minorUnits > limit.minorUnits;
  });
}

function raise(largest: Map<string, bigint>, { currency, minorUnits }: Amount): void {
  const known = largest.get(currency);
  if (known === undefined || known < minorUnits) largest.set(currency, minorUnits);
}
