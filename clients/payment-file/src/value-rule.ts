import { isValidBIC, isValidIBAN, validateIBAN, ValidationErrorsIBAN } from "ibantools";

/** Checks the text of one leaf, as written. Returns the rule it broke, or undefined. */
export type ValueRule = (text: string) => string | undefined;

/** Text of 1 to `most` characters. Whether it can be shown is judged with the lines. */
export function textUpTo(most: number): ValueRule {
  return (text) => {
    if (text === "") return "is empty";
    return [...text].length > most ? `has more than ${most} characters` : undefined;
  };
}

/** Text that is not looked at beyond its length; may be empty, as it is in many real files. */
export const anyText: ValueRule = (text) => ([...text].length > 140 ? "has more than 140 characters" : undefined);

/** Exactly one of the values; `otherwise` says why others are refused. */
export function oneOf(values: readonly string[], otherwise: string): ValueRule {
  return (text) => (values.includes(text) ? undefined : `${quote(text)} is refused: ${otherwise}`);
}

/** An ISO 20022 external code: 1 to 4 capitals and digits. */
export const code: ValueRule = (text) =>
  /^[A-Z0-9]{1,4}$/.test(text) ? undefined : `${quote(text)} is no code of 1 to 4 capitals and digits`;

/** xs:decimal of 18 digits at most, without sign, exponent or spaces. */
export const decimal: ValueRule = (text) => {
  if (!/^-?\d+(\.\d+)?$/.test(text)) return `${quote(text)} is no decimal number like 1250.00`;
  if (text.startsWith("-")) return "is negative";
  return text.replace(".", "").length > 18 ? "has more than 18 digits" : undefined;
};

/** A count of 1 to 15 digits. */
export const count: ValueRule = (text) => (/^\d{1,15}$/.test(text) ? undefined : `${quote(text)} is no whole number`);

/** A calendar date, YYYY-MM-DD, without time zone. */
export const date: ValueRule = (text) => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return `${quote(text)} is no date of the form YYYY-MM-DD`;
  const parsed = new Date(`${text}T00:00:00Z`);
  const real = !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
  return real ? undefined : `${text} is not in the calendar`;
};

/** Date and time of ISO 8601, time zone and fraction of a second optional. */
export const dateTime: ValueRule = (text) => {
  const shape = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  if (shape?.[1] === undefined) return `${quote(text)} is no date and time of ISO 8601`;
  return date(shape[1]);
};

/** An IBAN in its electronic form; which part is wrong is told. */
export const iban: ValueRule = (text) => {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$/.test(text)) {
    return `${quote(text)} is no IBAN: capitals and digits without spaces, country and two check digits first`;
  }
  if (isValidIBAN(text)) return undefined;
  const { errorCodes } = validateIBAN(text);
  if (errorCodes.includes(ValidationErrorsIBAN.NoIBANCountry)) return `${text} names a country without IBANs`;
  if (errorCodes.includes(ValidationErrorsIBAN.WrongBBANLength)) return `${text} has the wrong length for its country`;
  if (errorCodes.includes(ValidationErrorsIBAN.WrongIBANChecksum))
    return `${text} fails the IBAN check digits (mod 97)`;
  return `${text} does not have the account format of its country`;
};

/** A BIC of 8 or 11 characters. */
export const bic: ValueRule = (text) =>
  /^[A-Z0-9]+$/.test(text) && isValidBIC(text) ? undefined : `${quote(text)} is no BIC of 8 or 11 capitals and digits`;

/** The file's text inside a message: one line, printable ASCII, 40 characters; attacker-controlled. */
export function quote(text: string): string {
  const points = [...text];
  const shownPart = points.slice(0, 40).map((point) => (/^[\x20-\x7e]$/.test(point) ? point : codePoint(point)));
  return `"${shownPart.join("")}${points.length > 40 ? "…" : ""}"`;
}

function codePoint(point: string): string {
  return `<U+${(point.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;
}
