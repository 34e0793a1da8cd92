// First report: channel u32be | command u8, bit 7 set   | length u16be | 57 bytes, zero-filled
// Next reports: channel u32be | sequence u8, bit 7 clear | 59 bytes, zero-filled      docs/protocol/hid.md section 2

import { FramingError } from "./framing-error.ts";

/** Bytes of every HID report, both ways, without a report number. */
export const REPORT_SIZE = 64;

/** Bytes of a message in its first report. */
export const FIRST_DATA = 57;

/** Bytes of a message in each further report. */
export const NEXT_DATA = 59;

/** Most reports of one message: the smallest ring between us and a key (hidapi on macOS and libusb) holds 30. */
export const MAX_REPORTS = 30;

/** Longest message in either direction: 57 + 29 × 59 = 1768 bytes. CTAPHID's 7609 would be dropped in silence on the way. */
export const MAX_MESSAGE: number = FIRST_DATA + (MAX_REPORTS - 1) * NEXT_DATA;

/** Where INIT asks for a channel. */
export const BROADCAST = 0xffffffff;

/** One report, taken apart. `data` still carries the zero filling. */
export type Report =
  | {
      readonly type: "first";
      readonly channel: number;
      readonly command: number;
      readonly length: number;
      readonly data: Uint8Array;
    }
  | { readonly type: "next"; readonly channel: number; readonly sequence: number; readonly data: Uint8Array };

/** Takes one report apart. Throws FramingError "report-size" unless it has exactly 64 bytes. */
export function parseReport(report: Uint8Array): Report {
  if (report.length !== REPORT_SIZE) {
    throw new FramingError("report-size", `a report has ${REPORT_SIZE} bytes, this one ${report.length}`);
  }
  const view = new DataView(report.buffer, report.byteOffset, report.length);
  const channel = view.getUint32(0);
  const mark = view.getUint8(4);
  if ((mark & 0x80) === 0) return { type: "next", channel, sequence: mark, data: report.slice(5) };
  return { type: "first", channel, command: mark & 0x7f, length: view.getUint16(5), data: report.slice(7) };
}

/**
 * Cuts a message into its 64-byte reports.
 *
 * Throws FramingError "too-long" over 1768 bytes, before any report exists, and "bad-command" outside 0–127.
 */
export function encodeMessage(channel: number, command: number, payload: Uint8Array): Uint8Array[] {
  if (payload.length > MAX_MESSAGE) {
    throw new FramingError("too-long", `a message has at most ${MAX_MESSAGE} bytes, this one ${payload.length}`);
  }
  if (!Number.isInteger(command) || command < 0 || command > 0x7f) {
    throw new FramingError("bad-command", `a command is 0 to 127, not ${command}`);
  }
  const reports = [firstReport(channel, command, payload)];
  for (let at = FIRST_DATA, sequence = 0; at < payload.length; at += NEXT_DATA, sequence++) {
    reports.push(nextReport(channel, sequence, payload.subarray(at, at + NEXT_DATA)));
  }
  return reports;
}

function firstReport(channel: number, command: number, payload: Uint8Array): Uint8Array {
  const report = new Uint8Array(REPORT_SIZE);
  const view = new DataView(report.buffer);
  view.setUint32(0, channel);
  view.setUint8(4, 0x80 | command);
  view.setUint16(5, payload.length);
  report.set(payload.subarray(0, FIRST_DATA), 7);
  return report;
}

function nextReport(channel: number, sequence: number, data: Uint8Array): Uint8Array {
  const report = new Uint8Array(REPORT_SIZE);
  const view = new DataView(report.buffer);
  view.setUint32(0, channel);
  view.setUint8(4, sequence);
  report.set(data, 5);
  return report;
}
