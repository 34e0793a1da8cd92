import { ProtocolError } from "./protocol-error.ts";

// authenticatorData of an assertion (WebAuthn section 6.1):
//   rpIdHash 32 | flags u8: UP 01, UV 04, BE 08, BS 10, AT 40, ED 80 | signCount u32be | extensions, if ED
//                                                            docs/protocol/fido2.md section 4

/** Bits of the flags. */
export const AuthFlag = {
  USER_PRESENT: 0x01,
  USER_VERIFIED: 0x04,
  BACKUP_ELIGIBLE: 0x08,
  BACKED_UP: 0x10,
  ATTESTED: 0x40,
  EXTENSIONS: 0x80,
} as const;
export type AuthFlag = (typeof AuthFlag)[keyof typeof AuthFlag];

/** What a FIDO2 key states beside its signature. */
export interface AuthenticatorData {
  /** SHA-256 of the relying party's id. */
  readonly rpIdHash: Uint8Array;
  /** Somebody touched it. */
  readonly userPresent: boolean;
  /** It knew its user: PIN or finger, it does not say which. */
  readonly userVerified: boolean;
  /** The credential may be copied to other devices. */
  readonly backupEligible: boolean;
  /** It is copied now. */
  readonly backedUp: boolean;
  /** Rises with each signature; 0: it keeps none. */
  readonly signCount: number;
}

/** Bytes without extensions. */
const LENGTH = 37;

/** Reads the authenticator data of an assertion; throws `bad-field`, also for that of a registration. */
export function parseAuthenticatorData(bytes: Uint8Array): AuthenticatorData {
  if (bytes.length < LENGTH) refuse(`expected at least ${LENGTH} bytes`);
  const flags = bytes[32]!;
  const has = (flag: AuthFlag): boolean => (flags & flag) !== 0;
  // A key that attests itself signs its registration with the credential's own key: that is no assertion.
  if (has(AuthFlag.ATTESTED)) refuse("it is of a registration");
  if (has(AuthFlag.EXTENSIONS) !== bytes.length > LENGTH)
    refuse("bytes after the counter are extensions, and need their flag");
  if (has(AuthFlag.BACKED_UP) && !has(AuthFlag.BACKUP_ELIGIBLE)) refuse("backed up without being fit for it");
  return {
    rpIdHash: bytes.slice(0, 32),
    userPresent: has(AuthFlag.USER_PRESENT),
    userVerified: has(AuthFlag.USER_VERIFIED),
    backupEligible: has(AuthFlag.BACKUP_ELIGIBLE),
    backedUp: has(AuthFlag.BACKED_UP),
    signCount: new DataView(bytes.buffer, bytes.byteOffset).getUint32(33),
  };
}

function refuse(why: string): never {
  throw new ProtocolError("bad-field", why, { field: "authenticatorData" });
}
