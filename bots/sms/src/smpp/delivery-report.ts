import type { Pdu } from "smpp";
import { numberOf } from "../number.ts";
import { septetsOf } from "../text/gsm7.ts";

/** What a deliver_sm says of a message that was submitted. */
export interface DeliveryReport {
  /** As this SMSC writes it here: digits, hex digits or any other form. */
  readonly messageId: string;
  /** The phone, when the SMSC names it in full. */
  readonly from: string | undefined;
  /** Undefined: on the way, nothing final. */
  readonly reached: boolean | undefined;
}

const TYPE_OF_MESSAGE = 0x3c;
const RECEIPT = 0x04;
const STATE_DELIVERED = 2;
// Expired, deleted, undeliverable, rejected.
const STATES_OF_FAILURE: readonly unknown[] = [3, 4, 5, 8];
const STATS_OF_FAILURE: readonly string[] = ["EXPIRED", "DELETED", "UNDELIV", "REJECTD", "FAILED"];

/**
 * Reads a delivery receipt: optional parameters first, else the text `id:… sub:… stat:DELIVRD err:… text:…`. Undefined:
 * something else, such as a text that a person sent. Everything in it is the SMSC's word; `text:` may hold the code.
 */
export function readDeliveryReport(pdu: Pdu): DeliveryReport | undefined {
  const esmClass = pdu["esm_class"];
  if (typeof esmClass !== "number" || (esmClass & TYPE_OF_MESSAGE) !== RECEIPT) return undefined;
  const text = receiptText(pdu["short_message"]);
  const written = /(?:^|\s)id:\s*([!-~]{1,65})(?:\s|$)/i.exec(text)?.[1];
  const named = pdu["receipted_message_id"];
  const messageId = typeof named === "string" && /^[!-~]{1,65}$/.test(named) ? named : written;
  if (messageId === undefined) return undefined;
  const source = pdu["source_addr"];
  const from = typeof source === "string" ? numberOf(source) : undefined;
  return { messageId, from, reached: reachedBy(pdu["message_state"], text) };
}

function reachedBy(state: unknown, text: string): boolean | undefined {
  if (state === STATE_DELIVERED) return true;
  if (STATES_OF_FAILURE.includes(state)) return false;
  const stat = /(?:^|\s)stat:\s*([A-Za-z]{1,10})/i.exec(text)?.[1]?.toUpperCase().slice(0, 7);
  if (stat === "DELIVRD") return true;
  return stat !== undefined && STATS_OF_FAILURE.includes(stat) ? false : undefined;
}

/** The library reads every text as GSM 7-bit; receipts are ASCII by custom. Its characters are put back into bytes. */
function receiptText(shortMessage: unknown): string {
  const { message } = (shortMessage ?? {}) as { message?: unknown };
  if (message instanceof Uint8Array) return Buffer.from(message).toString("latin1");
  if (typeof message !== "string") return "";
  return Array.from(message, (character) => {
    const septets = septetsOf(character);
    return septets === undefined ? "?" : String.fromCharCode(...septets);
  }).join("");
}

/** Forms in which the same id is written: as it is, without zeros before it, decimal for hex and hex for decimal. */
export function formsOfId(id: string): string[] {
  const forms = [id];
  const bare = id.replace(/^0+(?=.)/, "").toUpperCase();
  forms.push(bare);
  if (/^[0-9A-F]{1,32}$/.test(bare)) forms.push(BigInt(`0x${bare}`).toString());
  if (/^\d{1,39}$/.test(bare)) forms.push(BigInt(bare).toString(16).toUpperCase());
  return [...new Set(forms)];
}
