const LONGEST_LOCAL = 64;
const LONGEST_ADDRESS = 254;

// Narrower than RFC 5321: no quoting, and none of the characters by which a mail server was ever talked into another
// route or a command (`%`, `!`, `|`, `/`, a leading hyphen).
const LOCAL = /^[A-Za-z0-9_+=~'&#][A-Za-z0-9_+=~'&#-]*(?:\.[A-Za-z0-9_+=~'&#-]+)*$/;
const DOMAIN = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Whether this is one plain ASCII address, `local@domain.example`, that can stand in an SMTP command as it is. */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  if (at < 1 || at > LONGEST_LOCAL || text.length > LONGEST_ADDRESS) return false;
  return LOCAL.test(text.slice(0, at)) && DOMAIN.test(text.slice(at + 1));
}

/** Who mails are from. */
export interface Sender {
  /** Shown by mail programs; may be empty. */
  readonly name: string;
  readonly address: string;
  /** Part of the address, in lower case: the right side of our Message-IDs. */
  readonly domain: string;
}

const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}"\\<>]/u;

/** Reads `Name <address>` or an address alone. Throws, naming the flag, when it is neither. */
export function readSender(text: string): Sender {
  const match = /^(?:([^<>]*?)\s*<([^<>]*)>|([^<>]*))$/.exec(text.trim());
  const name = match?.[1] ?? "";
  const address = match?.[2] ?? match?.[3] ?? "";
  if (!isAddress(address) || UNSHOWABLE.test(name)) {
    throw new Error('--from must be an address, such as "Acme Bank <confirm@bank.example>"');
  }
  return { name, address, domain: address.slice(address.lastIndexOf("@") + 1).toLowerCase() };
}
