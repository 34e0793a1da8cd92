import type { COUNTERSIGN_USAGE_PAGE, FIDO_USAGE_PAGE } from "@countersign/key-protocol";

/** Usage page of an interface of a key; docs/protocol/hid.md section 1. */
export type UsagePage = typeof FIDO_USAGE_PAGE | typeof COUNTERSIGN_USAGE_PAGE;

// 06 page u16le | 09 01 usage 1 | a1 01 collection (application)
//   09 20 usage 0x20 | 15 00 26 ff 00 bytes of 0 to 255 | 75 08 95 40 64 of 8 bits | 81 02 input (data, variable)
//   09 21 usage 0x21 | the same | 91 02 output
// c0 end                                                            HID 1.11 section 6.2.2; 34 bytes
const BYTES_64 = [0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40];

/** The HID report descriptor: one 64-byte report each way, without a report number. */
export function reportDescriptor(page: UsagePage): Uint8Array {
  return Uint8Array.from([
    ...[0x06, page & 0xff, page >> 8, 0x09, 0x01, 0xa1, 0x01],
    ...[0x09, 0x20, ...BYTES_64, 0x81, 0x02],
    ...[0x09, 0x21, ...BYTES_64, 0x91, 0x02],
    0xc0,
  ]);
}
