/** Why the well-known elements outside the allow-list are refused. Anything else outside it gets the general sentence. */
const REASONS: Readonly<Record<string, string>> = {
  Authstn: "changes who must authorise the file",
  AnyBIC: "is not part of this version of pain.001 here",
  BrnchId: "names a branch of the bank",
  ChqInstr: "asks for a cheque",
  ChrgsAcct: "takes the fees from another account",
  ChrgsAcctAgt: "takes the fees from another bank",
  CtctDtls: "makes a bank contact somebody",
  DtTm: "asks for an hour, and the line shows a day; use Dt",
  EqvtAmt: "makes the bank compute the amount that is paid",
  FwdgAgt: "routes the file through another bank",
  InstrForCdtrAgt: "instructs the payee's bank",
  InstrForDbtrAgt: "instructs the payer's bank",
  IntrmyAgt1: "routes the payment through another bank",
  IntrmyAgt2: "routes the payment through another bank",
  IntrmyAgt3: "routes the payment through another bank",
  LEI: "names a party by a number",
  MndtRltdInf: "ties the payment to a mandate",
  PoolgAdjstmntDt: "changes the day of booking",
  Prtry: "is a private code whose effect is not known",
  Prxy: "sends the money to whoever owns a phone number or mail address",
  RgltryRptg: "reports to an authority",
  RltdRmtInf: "sends a message to an address",
  SplmtryData: "carries data of any kind",
  Tax: "pays or reports a tax",
  Tp: "changes which account is meant",
  UltmtCdtr: "names another payee behind the payee",
  UltmtDbtr: "names another payer behind the payer",
  XchgRateInf: "fixes a rate of exchange",
};

/** The rule that an element outside the allow-list breaks. `name` is read from the file: attacker-controlled. */
export function refusalOf(name: string): string {
  const known = Object.hasOwn(REASONS, name) ? REASONS[name] : undefined;
  const effect = known ?? "may change what the bank does";
  return `${effect}, and no line shows it; remove it, or give the order to your bank another way`;
}
