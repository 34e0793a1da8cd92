/** Who a message is from, as an SMSC wants it told: type of number and numbering plan beside the address. */
export interface Sender {
  readonly ton: number;
  readonly npi: number;
  readonly address: string;
}

const INTERNATIONAL = { ton: 1, npi: 1 };
const SHORT_CODE = { ton: 3, npi: 0 };
const ALPHANUMERIC = { ton: 5, npi: 0 };

/**
 * Reads the setting: a number with plus sign, a short code of 3 to 8 digits, or a name of at most 11 letters, digits and
 * `-._ `. Throws an error that says so.
 */
export function readSender(text: string): Sender {
  if (/^\+[1-9]\d{6,14}$/.test(text)) return { ...INTERNATIONAL, address: text.slice(1) };
  if (/^\d{3,8}$/.test(text)) return { ...SHORT_CODE, address: text };
  if (/^(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 ._-]{0,10}$/.test(text)) return { ...ALPHANUMERIC, address: text };
  throw new Error(
    `--sender ${text}: a number such as +4915112345678, a short code of 3 to 8 digits, or a name of at most 11 letters, digits and -._`,
  );
}
