import { isValidIBAN } from "ibantools";
import { ProtocolError } from "./protocol-error.ts";

/** An account of a payer or payee: exactly one of the three. */
export type Account =
  | { /** Without spaces, upper case. */ readonly iban: string }
  | { /** Printable ASCII without spaces and "|", at most 34. */ readonly other: string }
  | { /** The order names no account. */ readonly notGiven: true };

const NOT_GIVEN = "none given";
const OTHER = /^[!-{}~]{1,34}$/;
const FOURS = /(.{4})(?=.)/g;
const IBAN_SHAPE = /^[A-Z]{2}\d{2}[A-Z\d]{11,30}$/;
const SEPARATORS = /[^A-Z\d]/g;

/** IBAN in groups of four, another identifier as it is, or `none given`. Throws `bad-account`. */
export function renderAccount(account: Account, field?: string): string {
  if ("iban" in account) {
    if (isValidIBAN(account.iban)) return account.iban.replace(FOURS, "$1 ");
    const why = "not an IBAN: upper case without spaces, the length of its country and right check digits";
    throw new ProtocolError("bad-account", why, { field });
  }
  if ("other" in account) return checkedOther(account.other, field);
  if (account.notGiven) return NOT_GIVEN;
  throw new ProtocolError("bad-account", "expected one of iban, other and notGiven", { field });
}

/** Reads exactly what renderAccount writes. Throws `bad-account`. */
export function parseAccount(text: string, field?: string): Account {
  if (text === NOT_GIVEN) return { notGiven: true };
  if (!text.includes(" ")) return { other: checkedOther(text, field) };
  const account = { iban: text.replaceAll(" ", "") };
  if (renderAccount(account, field) !== text) {
    throw new ProtocolError("bad-account", "an IBAN stands in groups of four", { field });
  }
  return account;
}

// What reads as an IBAN must pass the IBAN's checks, so that a mistyped one cannot slip in as something else.
function checkedOther(other: string, field: string | undefined): string {
  if (typeof other !== "string" || !OTHER.test(other)) {
    const why = 'expected 1 to 34 printable ASCII characters without space and "|"';
    throw new ProtocolError("bad-account", why, { field });
  }
  if (IBAN_SHAPE.test(other.toUpperCase().replace(SEPARATORS, ""))) {
    throw new ProtocolError("bad-account", "reads as an IBAN; give it as iban", { field });
  }
  return other;
}
