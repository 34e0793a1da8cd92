import type { HexId, UnixMs } from "../store/entity.ts";

/** An enrolment token that was issued; the entity's id is the hex SHA-256 of the token. One use. */
export interface Enrolment {
  readonly tenantId: HexId;
  readonly userId: string;
  readonly challenge: Uint8Array;
  /** Only this device may use it; undefined: any. */
  readonly serial: string | undefined;
  /** The key has to prove the digits of this challenge, which are stored nowhere. */
  readonly digits: boolean;
  /** The key comes by this recovery, as a first one. Absent: it comes as any other. */
  readonly recoveryId?: HexId;
  /** It is for a FIDO2 key of this relying party, which binds neither serial nor digits. Absent: for a Countersign key. */
  readonly fido?: { readonly rpId: string };
  /** Wrong digits that were signed so far; the third ends the token, or 10 minutes would do for guessing. */
  readonly wrongDigits: number;
  readonly until: UnixMs;
  /** The key that used it; the same signed enrolment may come again. */
  readonly usedBy: HexId | undefined;
}
