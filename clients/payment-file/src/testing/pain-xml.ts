/** Builds pain.001 files for tests: a good one, in which any part can be replaced by what is to be refused. */
export interface PaymentXml {
  readonly amount?: string;
  readonly currency?: string;
  readonly name?: string;
  /** Content of CdtrAcct; undefined: an IBAN. */
  readonly account?: string;
  /** Elements between Amt and Cdtr. */
  readonly agent?: string;
  /** Elements after CdtrAcct. */
  readonly after?: string;
  /** Elements before Amt. */
  readonly before?: string;
  /** Children of Cdtr after Nm. */
  readonly creditor?: string;
}

export interface GroupXml {
  readonly payments?: readonly PaymentXml[];
  readonly method?: string;
  /** Between PmtMtd and ReqdExctnDt. */
  readonly head?: string;
  readonly date?: string;
  readonly debtorAccount?: string;
  /** Between DbtrAcct and the payments. */
  readonly tail?: string;
}

export interface FileXml {
  readonly version?: string;
  readonly header?: string;
  readonly groups?: readonly GroupXml[];
  readonly prolog?: string;
}

export const IBAN = "DE89370400440532013000";
const OWN = "AT611904300234573201";

export function painXml(file: FileXml = {}): Uint8Array {
  const {
    version = "pain.001.001.03",
    header = "",
    groups = [{}],
    prolog = '<?xml version="1.0" encoding="UTF-8"?>',
  } = file;
  const dated = version.endsWith("09");
  return new TextEncoder().encode(
    `${prolog}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:${version}"><CstmrCdtTrfInitn>` +
      `<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-20T09:15:00Z</CreDtTm>${header}<InitgPty><Nm>Kestrel</Nm></InitgPty></GrpHdr>` +
      `${groups.map((group) => groupXml(group, dated)).join("")}</CstmrCdtTrfInitn></Document>`,
  );
}

function groupXml(group: GroupXml, dated: boolean): string {
  const { payments = [{}], method = "TRF", head = "", date = "2026-11-30", tail = "" } = group;
  const { debtorAccount = `<Id><IBAN>${OWN}</IBAN></Id>` } = group;
  const when = dated ? `<ReqdExctnDt><Dt>${date}</Dt></ReqdExctnDt>` : `<ReqdExctnDt>${date}</ReqdExctnDt>`;
  return (
    `<PmtInf><PmtInfId>P1</PmtInfId><PmtMtd>${method}</PmtMtd>${head}${when}<Dbtr><Nm>Kestrel</Nm></Dbtr>` +
    `<DbtrAcct>${debtorAccount}</DbtrAcct>${tail}${payments.map(paymentXml).join("")}</PmtInf>`
  );
}

function paymentXml(payment: PaymentXml): string {
  const {
    amount = "1250.00",
    currency = "EUR",
    name = "Müller GmbH",
    agent = "",
    after = "",
    before = "",
    creditor = "",
  } = payment;
  const { account = `<Id><IBAN>${IBAN}</IBAN></Id>` } = payment;
  return (
    `<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId>${before}<Amt><InstdAmt Ccy="${currency}">${amount}</InstdAmt></Amt>` +
    `${agent}<Cdtr><Nm>${name}</Nm>${creditor}</Cdtr><CdtrAcct>${account}</CdtrAcct>${after}</CdtTrfTxInf>`
  );
}

export function bicAgent(bic: string, element = "BIC"): string {
  return `<CdtrAgt><FinInstnId><${element}>${bic}</${element}></FinInstnId></CdtrAgt>`;
}

export function reference(...texts: readonly string[]): string {
  return `<RmtInf>${texts.map((text) => `<Ustrd>${text}</Ustrd>`).join("")}</RmtInf>`;
}
