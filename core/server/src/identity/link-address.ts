// Pure: where a mail or an SMS goes, as an app names it. Attacker-controlled: a submit token may lie on a user's PC.
import { badInput, type Refusal } from "../rpc/refusal.ts";

export type AddressPlatform = "mail" | "sms";

const MOST = 128;
const LOCAL = /^[A-Za-z0-9_'+=][A-Za-z0-9_'+=-]*(?:\.[A-Za-z0-9_'+=-]+)*$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const TOP_LEVEL = /[a-z]/;

/**
 * The address in the one form that is stored, shown on the key and handed to the bot. Mail: a plain local part (no
 * quotes, no routing by % or !, no leading hyphen) and a domain of at least two labels, in lower case. SMS: E.164.
 */
export function readAddress(platform: AddressPlatform, text: string): string | Refusal {
  const address = platform === "mail" ? readMail(text) : readNumber(text);
  if (address !== undefined) return address;
  return badInput(
    "address",
    platform === "mail"
      ? `must be a mail address such as erika@example.com: at most ${MOST} ASCII characters, without quotes`
      : "must be a phone number with its country such as +49 170 1234567: + and 7 to 15 digits",
  );
}

function readMail(text: string): string | undefined {
  if (text.length > MOST) return undefined;
  const [local = "", domain = "", ...rest] = text.split("@");
  if (rest.length > 0 || local.length > 64 || !LOCAL.test(local)) return undefined;
  const labels = domain.toLowerCase().split(".");
  const top = labels.at(-1) ?? "";
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label)) || !TOP_LEVEL.test(top)) return undefined;
  return `${local}@${labels.join(".")}`;
}

/** Single spaces or hyphens between digits are how people write it. */
function readNumber(text: string): string | undefined {
  if (text.length > 32 || !/^\+[0-9]+(?:[ -][0-9]+)*$/.test(text)) return undefined;
  const number = text.replaceAll(/[ -]/g, "");
  return /^\+[1-9][0-9]{6,14}$/.test(number) ? number : undefined;
}

/** What reaches one mailbox or phone, however it is spelled: case of the local part and `+suffix` make no other. */
export function mailboxOf(platform: AddressPlatform, address: string): string {
  if (platform === "sms") return address;
  const [local = "", domain = ""] = address.toLowerCase().split("@");
  return `${local.split("+")[0] ?? ""}@${domain}`;
}
