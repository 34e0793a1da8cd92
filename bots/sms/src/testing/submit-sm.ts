import { readSeptets } from "../text/gsm7.ts";
import { FieldReader, PduError } from "./pdu.ts";

/** What the bot asked for with one submit_sm, and which part of which text it is. */
export interface Submitted {
  readonly source: { readonly ton: number; readonly npi: number; readonly address: string };
  /** E.164 with plus sign. */
  readonly to: string;
  readonly esmClass: number;
  readonly validityPeriod: string;
  readonly registeredDelivery: number;
  readonly replaceIfPresent: number;
  readonly dataCoding: number;
  readonly text: string;
  /** Undefined: a whole message. */
  readonly part: { readonly reference: number; readonly of: number; readonly number: number } | undefined;
}

const UDH = 0x40;
const MODE = 0x03;
const [SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER] = [0x020c, 0x020e, 0x020f];
const MORE_MESSAGES_TO_SEND = 0x0426;

/**
 * Reads a submit_sm as strictly as the strictest SMSC. Throws PduError with the status that SMPP names for each breach.
 */
export function readSubmitSm(body: Uint8Array): Submitted {
  const fields = new FieldReader(body);
  if (fields.cString(6) !== "") throw new PduError(0x15, "a service_type");
  const source = { ton: fields.u8(), npi: fields.u8(), address: fields.cString(21) };
  if (source.ton > 6) throw new PduError(0x48, "source_addr_ton");
  const [ton, npi, number] = [fields.u8(), fields.u8(), fields.cString(21)];
  if (ton !== 1 || npi !== 1) throw new PduError(0x50, "the destination is not international");
  if (!/^[1-9]\d{6,14}$/.test(number)) throw new PduError(0x0b, "destination_addr");
  const esmClass = fields.u8();
  if ((esmClass & ~(UDH | MODE)) !== 0) throw new PduError(0x43, "esm_class");
  if (fields.u8() !== 0 || fields.u8() > 3) throw new PduError(0x06, "protocol_id or priority_flag");
  if (fields.cString(17) !== "") throw new PduError(0x61, "schedule_delivery_time");
  const validityPeriod = fields.cString(17);
  if (!/^(?:\d{15}[R]|\d{13}\d\d[+-])?$/.test(validityPeriod)) throw new PduError(0x62, "validity_period");
  const [registeredDelivery, replaceIfPresent, dataCoding] = [fields.u8(), fields.u8(), fields.u8()];
  if (registeredDelivery > 2) throw new PduError(0x07, "registered_delivery");
  if (replaceIfPresent > 1) throw new PduError(0x54, "replace_if_present_flag");
  if (fields.u8() !== 0) throw new PduError(0x63, "sm_default_msg_id");
  const length = fields.u8();
  if (length > 254) throw new PduError(0x01, "sm_length");
  const message = fields.bytes(length);
  const tlvs = fields.tlvs();
  // Says that another part follows, which the part itself says too.
  tlvs.delete(MORE_MESSAGES_TO_SEND);
  const { part, content } = partOf(message, (esmClass & UDH) !== 0, tlvs);
  const text = readText(content, dataCoding, part !== undefined);
  const to = `+${number}`;
  return { source, to, esmClass, validityPeriod, registeredDelivery, replaceIfPresent, dataCoding, text, part };
}

type Part = NonNullable<Submitted["part"]>;

function partOf(
  message: Uint8Array,
  hasHeader: boolean,
  tlvs: Map<number, Uint8Array>,
): { readonly part: Part | undefined; readonly content: Uint8Array } {
  const sar = [SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER].map((tag) => tlvs.get(tag));
  for (const tag of tlvs.keys()) {
    if (![SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER].includes(tag)) throw new PduError(0xc1, `parameter ${tag}`);
  }
  if (hasHeader) {
    const [length, element, size, reference = 0, of = 0, number = 0] = message;
    if (length !== 5 || element !== 0 || size !== 3 || tlvs.size > 0)
      throw new PduError(0x43, "a header of another kind");
    return { part: checked({ reference, of, number }), content: message.slice(6) };
  }
  if (tlvs.size === 0) return { part: undefined, content: message };
  const [reference, of, number] = sar.map((value) =>
    value === undefined ? -1 : Buffer.from(value).readUIntBE(0, value.length),
  );
  return { part: checked({ reference: reference ?? -1, of: of ?? -1, number: number ?? -1 }), content: message };
}

function checked(part: Part): Part {
  if (part.of < 2 || part.number < 1 || part.number > part.of) throw new PduError(0xc4, "a part that is none");
  return part;
}

function readText(content: Uint8Array, dataCoding: number, isPart: boolean): string {
  if (dataCoding === 0) {
    if (content.length > (isPart ? 153 : 160)) throw new PduError(0x01, "more than the air interface carries");
    try {
      return readSeptets(content);
    } catch {
      throw new PduError(0x01, "not GSM 7-bit");
    }
  }
  if (dataCoding !== 8) throw new PduError(0x104, "data_coding");
  if (content.length > (isPart ? 134 : 140) || content.length % 2 !== 0)
    throw new PduError(0x01, "not UCS-2 of a part");
  return new TextDecoder("utf-16be", { fatal: true, ignoreBOM: true }).decode(content);
}

/** The end that a validity_period names, counted from now; undefined: none. */
export function endOf(validityPeriod: string, now: Date): Date | undefined {
  if (validityPeriod === "") return undefined;
  const digits = (validityPeriod.slice(0, 12).match(/\d\d/g) ?? []).map(Number);
  const [years = 0, months = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = digits;
  if (validityPeriod.endsWith("R")) {
    if (years !== 0 || months !== 0) throw new PduError(0x62, "a validity of months");
    return new Date(now.getTime() + ((days * 24 + hours) * 3600 + minutes * 60 + seconds) * 1000);
  }
  const tenths = Number(validityPeriod.charAt(12));
  const quarters = Number(validityPeriod.slice(13, 15)) * (validityPeriod.endsWith("-") ? -1 : 1);
  const moment = Date.UTC(2000 + years, months - 1, days, hours, minutes, seconds, tenths * 100);
  return new Date(moment - quarters * 15 * 60_000);
}
