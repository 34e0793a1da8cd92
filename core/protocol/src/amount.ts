import { exponentOf } from "./currency.ts";
import { ProtocolError } from "./protocol-error.ts";

/** Money or another asset: integer minor units, never floating point. EUR 1 250.00 is { "EUR", 125000n }. */
export interface Amount {
  /** ISO 4217 code, or a registered asset such as BTC. */
  readonly currency: string;
  /** Not negative, at most 30 digits. */
  readonly minorUnits: bigint;
}

const LIMIT = 10n ** 30n;
const GROUPS = /\B(?=(?:\d{3})+$)/g;
const RENDERED = /^([A-Z]{3,4}) (\d{1,3}(?: \d{3})*)(?:\.(\d+))?$/;
const DECIMAL = /^(\d{1,30})(?:\.(\d{1,30}))?$/;

/** `EUR 1 250.00`: code, integer part in groups of three, all decimals of the currency. Throws `bad-amount`. */
export function renderAmount(amount: Amount, field?: string): string {
  const exponent = exponentFor(amount.currency, field);
  if (typeof amount.minorUnits !== "bigint" || amount.minorUnits < 0n || amount.minorUnits >= LIMIT) {
    throw new ProtocolError("bad-amount", "minor units must be an integer from 0 of at most 30 digits", { field });
  }
  const digits = amount.minorUnits.toString().padStart(exponent + 1, "0");
  const whole = digits.slice(0, digits.length - exponent).replace(GROUPS, " ");
  return `${amount.currency} ${exponent === 0 ? whole : `${whole}.${digits.slice(-exponent)}`}`;
}

/** Reads exactly what renderAmount writes. Throws `bad-amount`. */
export function parseAmount(text: string, field?: string): Amount {
  const match = RENDERED.exec(text);
  if (match === null) throw new ProtocolError("bad-amount", "not an amount such as EUR 1 250.00", { field });
  const [, currency, whole, decimals = ""] = match;
  const amount = { currency: currency!, minorUnits: BigInt(whole!.replaceAll(" ", "") + decimals) };
  if (renderAmount(amount, field) !== text) {
    throw new ProtocolError("bad-amount", `not the one notation of ${renderAmount(amount)}`, { field });
  }
  return amount;
}

/** Reads a plain decimal such as `1250` or `1250.5`, as payment files carry it. More decimals than the currency has are refused. */
export function amountOf(currency: string, decimal: string, field?: string): Amount {
  const exponent = exponentFor(currency, field);
  const match = DECIMAL.exec(decimal);
  if (match === null) {
    throw new ProtocolError("bad-amount", "expected digits with at most one decimal point, such as 1250.00", { field });
  }
  const [, whole, decimals = ""] = match;
  if (decimals.length > exponent) {
    throw new ProtocolError("bad-amount", `${currency} has ${exponent} decimals, not ${decimals.length}`, { field });
  }
  const minorUnits = BigInt(whole! + decimals.padEnd(exponent, "0"));
  if (minorUnits >= LIMIT) throw new ProtocolError("bad-amount", "more than 30 digits of minor units", { field });
  return { currency, minorUnits };
}

function exponentFor(currency: string, field: string | undefined): number {
  const exponent = exponentOf(currency);
  if (exponent !== undefined) return exponent;
  const why = "the currency is neither an ISO 4217 code with minor units nor a registered asset";
  throw new ProtocolError("bad-amount", why, { field });
}
