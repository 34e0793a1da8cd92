/** First byte of every answer to command 0x59 (docs/protocol/hid.md section 5). */
export const Status = {
  OK: 0x00,
  BAD_CBOR: 0x01,
  BAD_PARAM: 0x02,
  TOO_LONG: 0x03,
  UNRENDERABLE: 0x04,
  PIN_REQUIRED: 0x05,
  PIN_BLOCKED: 0x06,
  PIN_INVALID: 0x07,
  USER_DENIED: 0x08,
  USER_TIMEOUT: 0x09,
  CANCELLED: 0x0a,
  NO_KEY: 0x0b,
  BUSY: 0x0c,
  NOT_ALLOWED: 0x0d,
  STORAGE: 0x0e,
  UNSUPPORTED: 0x0f,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

const NAMES = new Map<number, keyof typeof Status>(
  Object.entries(Status).map(([name, value]) => [value, name as keyof typeof Status]),
);

/** "PIN_BLOCKED" for 6; undefined for a byte outside the list. */
export function statusName(status: number): keyof typeof Status | undefined {
  return NAMES.get(status);
}
