import type { Account } from "@countersign/protocol";
import { textAt, type Element, type Sourced } from "./element.ts";

/**
 * What the `bank` line says of the payee's bank, or undefined where the account tells the bank already: an IBAN does,
 * with a BIC of its own country. A clearing number is always shown: it can overrule the account's bank.
 */
export function bankOf(payment: Element, account: Account): Sourced<string> | undefined {
  const bic = textAt(payment, "CdtrAgt", "FinInstnId", "BIC") ?? textAt(payment, "CdtrAgt", "FinInstnId", "BICFI");
  const member = textAt(payment, "CdtrAgt", "FinInstnId", "ClrSysMmbId", "MmbId");
  const name = textAt(payment, "CdtrAgt", "FinInstnId", "Nm");
  if (member !== undefined) {
    const system = textAt(payment, "CdtrAgt", "FinInstnId", "ClrSysMmbId", "ClrSysId", "Cd");
    const parts = [bic?.value, system?.value, member.value];
    return { value: parts.filter((part) => part !== undefined).join(" "), element: member.element };
  }
  if (bic === undefined) return name;
  return "iban" in account && account.iban.slice(0, 2) === bic.value.slice(4, 6) ? undefined : bic;
}
