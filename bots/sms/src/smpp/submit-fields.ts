import type { Sender } from "../sender.ts";
import type { Sms } from "../sms-platform.ts";

/** How the parts of a message are tied together: a header inside the text, or optional parameters beside it. */
export type Joining = "udh" | "sar";

interface SubmitSetting {
  readonly sender: Sender | undefined;
  readonly joining: Joining;
}

const SMSC_DEFAULT = 0;
const UCS2 = 8;
const UDH_INDICATOR = 0x40;
const FINAL_RECEIPT = 1;
const INTERNATIONAL = { dest_addr_ton: 1, dest_addr_npi: 1 };

/** The fields of each submit_sm of a message but its validity. `reference` ties the parts together: 0 to 255. */
export function submitFields(sms: Sms, setting: SubmitSetting, reference: number): Record<string, unknown>[] {
  const { alphabet, parts } = sms.segmented;
  const { sender, joining } = setting;
  const alone = parts.length === 1;
  const common = {
    ...(sender === undefined
      ? {}
      : { source_addr_ton: sender.ton, source_addr_npi: sender.npi, source_addr: sender.address }),
    ...INTERNATIONAL,
    destination_addr: sms.to.slice(1),
    data_coding: alphabet === "gsm7" ? SMSC_DEFAULT : UCS2,
    registered_delivery: FINAL_RECEIPT,
    // The SMSC knows a message by sender and phone alone: a second part would take the place of the first.
    replace_if_present_flag: alone && sms.supersedes ? 1 : 0,
  };
  return parts.map((part, at) => {
    if (alone) return { ...common, short_message: Buffer.from(part) };
    const [total, number] = [parts.length, at + 1];
    if (joining === "sar") {
      const sar = { sar_msg_ref_num: reference, sar_total_segments: total, sar_segment_seqnum: number };
      return { ...common, ...sar, short_message: Buffer.from(part) };
    }
    // length | element 0: joined parts, 8-bit reference | its length | reference | parts | this one        3GPP TS 23.040
    const header = Uint8Array.of(5, 0, 3, reference, total, number);
    return { ...common, esm_class: UDH_INDICATOR, short_message: Buffer.concat([header, part]) };
  });
}
