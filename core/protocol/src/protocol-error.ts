/** Why bytes, text or fields were refused. Closed: a new code is a change of the public API. */
export type ProtocolErrorCode =
  | "not-canonical" // bytes that the one encoder would not have made
  | "unsafe-text" // docs/protocol/safe-text.md
  | "no-glyph" // safe text that the key's glyph profile cannot show
  | "unknown-kind"
  | "unknown-label"
  | "wrong-type" // the label wants a value of another type
  | "missing-label"
  | "repeated-label"
  | "bad-amount"
  | "bad-account"
  | "bad-date"
  | "bad-count"
  | "bad-digest"
  | "bad-payee"
  | "bad-total" // total or count disagrees with the payment lines
  | "too-long"
  | "too-many-lines"
  | "bad-version"
  | "bad-field"
  | "bad-key"
  | "bad-signature-envelope"
  | "reserved-kind" // for the core alone
  | "reserved-label"; // for the core alone

/** Where and why, for a message that a person can act on. */
export interface ProtocolErrorDetail {
  /** Path of the refused element, such as `fields[2].value` or `lines[1]`. */
  readonly field?: string | undefined;
  /** The offending code point of a text. */
  readonly codePoint?: number | undefined;
  /** Stable name of the broken rule, such as `not-nfc` (docs/protocol/safe-text.md). */
  readonly rule?: string | undefined;
}

/** Input that the protocol refuses. Its message names the place, the rule and, for text, the code point as U+XXXX. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: ProtocolErrorCode;
  readonly field: string | undefined;
  readonly codePoint: number | undefined;
  readonly rule: string | undefined;

  constructor(code: ProtocolErrorCode, why: string, detail: ProtocolErrorDetail = {}) {
    super(detail.field === undefined ? why : `${detail.field}: ${why}`);
    this.code = code;
    this.field = detail.field;
    this.codePoint = detail.codePoint;
    this.rule = detail.rule;
  }
}
