import { readFileSync } from "node:fs";

/** What a payment file orders, read by other means than the client's: payee, currency, amount in minor units. */
export function paymentsIn(file: string): { payee: string; currency: string; minorUnits: string }[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/<CdtTrfTxInf>.*?<\/CdtTrfTxInf>/gs)].map(([payment]) => {
    const [, currency = "", amount = ""] = /<InstdAmt Ccy="([A-Z]{3})">([^<]*)</.exec(payment) ?? [];
    const [, payee = ""] = /<Cdtr>.*?<Nm>([^<]*)</s.exec(payment) ?? [];
    return {
      payee: payee.replaceAll("&amp;", "&").replaceAll("&apos;", "'"),
      currency,
      minorUnits: minor(currency, amount),
    };
  });
}

const DECIMALS: Readonly<Record<string, number>> = { JPY: 0, KWD: 3 };

function minor(currency: string, amount: string): string {
  const [whole = "", part = ""] = amount.split(".");
  return BigInt(whole + part.padEnd(DECIMALS[currency] ?? 2, "0")).toString();
}
