/** One reason why a payment file is refused. */
export interface Finding {
  /** Path of the element, e.g. `Document/CstmrCdtTrfInitn/PmtInf[2]/CdtTrfTxInf[1]/CdtrAcct/Id/IBAN`, or "file". */
  readonly element: string;
  /** The rule it broke and what to do about it. */
  readonly rule: string;
  /** Line in the file, from 1; 0 where no line can be named. */
  readonly line: number;
}

/** At most this many findings are kept: enough to mend a file, too few to flood a terminal. */
export const MAX_FINDINGS = 20;

/** A payment file that is not taken. Nothing was sent and nothing was stored. */
export class PaymentFileError extends Error {
  override readonly name = "PaymentFileError";
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(findings.map(describeFinding).join("\n"));
    this.findings = findings;
  }
}

/** `line 12: Document/…/IBAN: check digits are wrong`. */
function describeFinding(finding: Finding): string {
  const place = finding.line > 0 ? `line ${finding.line}: ` : "";
  return `${place}${finding.element}: ${finding.rule}`;
}
