/** First byte of every request under command 0x59 (docs/protocol/hid.md section 5). */
export const Subcommand = {
  GET_INFO: 0x01,
  VERIFY_USER: 0x02,
  PRESENT: 0x03,
  CANCEL: 0x04,
  ENROL_KEY: 0x05,
  SET_PIN: 0x06,
  CHANGE_PIN: 0x07,
  RESET: 0x08,
  ATTEST: 0x09,
  KEYS: 0x0a,
  SUPPLY_CODE: 0x0b,
} as const;
export type Subcommand = (typeof Subcommand)[keyof typeof Subcommand];
