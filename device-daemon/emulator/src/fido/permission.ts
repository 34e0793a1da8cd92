/** Bits of what a pinUvAuthToken may be used for: those that hosts of Countersign use, and the rest of CTAP 2.1 and 2.2. */
export const Permission = {
  MAKE_CREDENTIAL: 0x01,
  GET_ASSERTION: 0x02,
  CREDENTIAL_MANAGEMENT: 0x04,
  LARGE_BLOB_WRITE: 0x10,
  CONFIG: 0x20,
  /** Reading the list of credentials, over power cycles; asked for alone. */
  PERSISTENT_READ: 0x40,
} as const;
export type Permission = (typeof Permission)[keyof typeof Permission];
