/** First byte of every message under CTAPHID CBOR (docs/protocol/fido2.md). */
export const CtapCommand = {
  MAKE_CREDENTIAL: 0x01,
  GET_ASSERTION: 0x02,
  GET_INFO: 0x04,
  CLIENT_PIN: 0x06,
  RESET: 0x07,
  GET_NEXT_ASSERTION: 0x08,
  BIO_ENROLLMENT: 0x09,
  CREDENTIAL_MANAGEMENT: 0x0a,
  SELECTION: 0x0b,
  LARGE_BLOBS: 0x0c,
  CONFIG: 0x0d,
} as const;
export type CtapCommand = (typeof CtapCommand)[keyof typeof CtapCommand];

/** Member 2 of clientPIN: what is wanted. */
export const ClientPinCommand = {
  GET_PIN_RETRIES: 0x01,
  GET_KEY_AGREEMENT: 0x02,
  SET_PIN: 0x03,
  CHANGE_PIN: 0x04,
  /** Without permissions: the one of CTAP 2.0. */
  GET_PIN_TOKEN: 0x05,
  GET_TOKEN_USING_UV: 0x06,
  GET_UV_RETRIES: 0x07,
  GET_TOKEN_USING_PIN: 0x09,
} as const;
export type ClientPinCommand = (typeof ClientPinCommand)[keyof typeof ClientPinCommand];

/** Bits of what a pinUvAuthToken may be used for. */
export const TokenPermission = { MAKE_CREDENTIAL: 0x01, GET_ASSERTION: 0x02 } as const;
export type TokenPermission = (typeof TokenPermission)[keyof typeof TokenPermission];

/** COSE algorithm ES256, the only one that credentials are asked to have. */
export const ES256: number = -7;
