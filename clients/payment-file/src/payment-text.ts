import { childAt, childrenOf, textAt, type Element, type Sourced } from "./element.ts";

/** Every text that reaches the payee: free text and the creditor's reference, each a line of its own. */
export function referencesOf(payment: Element): Sourced<string>[] {
  const remittance = childAt(payment, "RmtInf");
  if (remittance === undefined) return [];
  const free = childrenOf(remittance, "Ustrd").map((element) => ({ value: element.text, element }));
  const structured = childrenOf(remittance, "Strd").flatMap((strd) => textAt(strd, "CdtrRefInf", "Ref") ?? []);
  return [...free, ...structured];
}

/** Purpose of a payment, and the category that a group or a payment asks banks to treat it by. */
export function purposeOf(owner: Element): Sourced<string> | undefined {
  const purpose = textAt(owner, "Purp", "Cd");
  const category = textAt(owner, "PmtTpInf", "CtgyPurp", "Cd");
  if (category === undefined) return purpose;
  const value = purpose === undefined ? `category ${category.value}` : `${purpose.value}, category ${category.value}`;
  return { value, element: category.element };
}

/** Anything but the ordinary way: service level (SEPA and NURG are ordinary), local instrument, high priority. */
export function serviceOf(owner: Element): Sourced<string> | undefined {
  const level = textAt(owner, "PmtTpInf", "SvcLvl", "Cd");
  const instrument = textAt(owner, "PmtTpInf", "LclInstrm", "Cd");
  const priority = textAt(owner, "PmtTpInf", "InstrPrty");
  const parts = [
    level === undefined || ORDINARY.has(level.value) ? undefined : { text: `service ${level.value}`, from: level },
    instrument === undefined ? undefined : { text: `instrument ${instrument.value}`, from: instrument },
    priority?.value === "HIGH" ? { text: "priority HIGH", from: priority } : undefined,
  ].filter((part) => part !== undefined);
  const [first] = parts;
  if (first === undefined) return undefined;
  return { value: parts.map(({ text }) => text).join(", "), element: first.from.element };
}

const ORDINARY: ReadonlySet<string> = new Set(["SEPA", "NURG"]);

/** The payee's address in the order of the file, by which a bank finds him when no account is named. */
export function addressOf(payment: Element): Sourced<string> | undefined {
  const address = childAt(payment, "Cdtr", "PstlAdr");
  const parts = address?.children.map((part) => part.text).filter((text) => text !== "") ?? [];
  return address === undefined || parts.length === 0 ? undefined : { value: parts.join(", "), element: address };
}
