/** ISO 20022 amounts and sums as integers. Text reaches these functions after its value rule (`decimal`). */

/** The number times 10^`scale`, or undefined when it has more decimals than that. */
export function scaledInteger(text: string, scale: number): bigint | undefined {
  const [whole = "", fraction = ""] = text.split(".");
  if (fraction.length > scale) return undefined;
  return BigInt(whole + fraction.padEnd(scale, "0"));
}
