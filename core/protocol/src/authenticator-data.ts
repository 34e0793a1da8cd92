import { ProtocolError } from "./protocol-error.ts";

// authenticatorData of an assertion (WebAuthn section 6.1):
//   rpIdHash 32 | flags u8: UP 01, UV 04, BE 08, BS 10, AT 40, ED 80 | signCount u32be | extensions, if ED
//                                                            docs/protocol/fido2.md section 4

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
const Flag = { UP: 0x01, UV: 0x04, BE: 0x08, BS: 0x10, AT: 0x40, ED: 0x80 } as const;

/** Reads the authenticator data of an assertion; throws `bad-field`, also for that of a registration. */
export function parseAuthenticatorData(bytes: Uint8Array): AuthenticatorData {
  if (bytes.length < LENGTH) refuse(`expected at least ${LENGTH} bytes`);
  const flags = bytes[32]!;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  // A key that attests itself signs its registration with the credential's own key: that is no assertion.
  if (has(Flag.AT)) refuse("it is of a registration");
  if (has(Flag.ED) !== bytes.length > LENGTH) refuse("bytes after the counter are extensions, and need their flag");
  if (has(Flag.BS) && !has(Flag.BE)) refuse("backed up without being fit for it");
  return {
    rpIdHash: bytes.slice(0, 32),
    userPresent: has(Flag.UP),
    userVerified: has(Flag.UV),
    backupEligible: has(Flag.BE),
    backedUp: has(Flag.BS),
    signCount: new DataView(bytes.buffer, bytes.byteOffset).getUint32(33),
  };
}

function refuse(why: string): never {
  throw new ProtocolError("bad-field", why, { field: "authenticatorData" });
}
