/** CTAPHID commands (docs/protocol/hid.md section 3). */
export const HidCommand = {
  PING: 0x01,
  MSG: 0x03,
  LOCK: 0x04,
  INIT: 0x06,
  WINK: 0x08,
  CBOR: 0x10,
  CANCEL: 0x11,
  KEEPALIVE: 0x3b,
  ERROR: 0x3f,
  /** Ours. Sent only to a device that was identified as a Countersign key: others use the vendor range too. */
  COUNTERSIGN: 0x59,
} as const;
export type HidCommand = (typeof HidCommand)[keyof typeof HidCommand];

/** The one byte of a CTAPHID ERROR. */
export const HidError = {
  INVALID_COMMAND: 0x01,
  INVALID_PARAMETER: 0x02,
  INVALID_LENGTH: 0x03,
  INVALID_SEQUENCE: 0x04,
  MESSAGE_TIMEOUT: 0x05,
  CHANNEL_BUSY: 0x06,
  LOCK_REQUIRED: 0x0a,
  INVALID_CHANNEL: 0x0b,
  OTHER: 0x7f,
} as const;
export type HidError = (typeof HidError)[keyof typeof HidError];

const ERROR_NAMES = new Map<number, string>(Object.entries(HidError).map(([name, value]) => [value, name]));

/** "CHANNEL_BUSY", or "error 0x42" for a byte that nobody registered (device-controlled). */
export function hidErrorName(error: number): string {
  return ERROR_NAMES.get(error) ?? `error 0x${error.toString(16).padStart(2, "0")}`;
}

/** Bits of the capability byte in INIT's answer. */
export const HidCapability = { WINK: 1, CBOR: 4, NO_MSG: 8 } as const;

/** Longest gap between two reports of one message, in milliseconds. */
export const REPORT_TIMEOUT_MS = 500;

/** A key that works on a request says so this often, in milliseconds. */
export const KEEPALIVE_EVERY_MS = 100;
