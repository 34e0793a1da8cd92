import { readLedger } from "../installation.ts";
import { renderAccount, renderAmount } from "@countersign/protocol";

/** One payment as people read it. */
export interface Booked {
  readonly amount: string;
  readonly payee: string;
  readonly account: string;
  readonly about: string;
  readonly transactionId: string;
}

/** Every payment that the bank's book holds, oldest first. */
export function bookedIn(ledgerFile: string): Booked[] {
  return readLedger({ ledgerFile })
    .filter((line) => line["type"] === "payment")
    .map((line) => ({
      amount: renderAmount({ currency: text(line["currency"]), minorUnits: BigInt(text(line["minorUnits"])) }),
      payee: text(line["payee"]),
      account: accountText(text(line["account"])),
      about: Array.isArray(line["references"]) ? line["references"].map(text).join(" · ") : "",
      transactionId: text(line["transactionId"]),
    }));
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The book writes an IBAN without spaces; another account as it is. */
function accountText(account: string): string {
  try {
    return renderAccount({ iban: account });
  } catch {
    return account;
  }
}
