import type { Reason, RejectReason } from "@countersign/protocol";
import type { HexId, UnixMs } from "../store/entity.ts";

/** The core's answer to a statement. */
export type Verdict =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      readonly reason: Reason;
      readonly triesLeft?: number;
      readonly rejectReason?: RejectReason;
    };

/**
 * A statement that was judged at rows 8 to 12, known by its bytes and never by signature bytes (ECDSA is malleable). The
 * entity's id is `txId:` and the HMAC of the statement's SHA-256 under K_code: the bare hash at rest would let a thief
 * of the store try all codes against it.
 *
 * Without a verdict the compare of row 12 is still open, and is finished by whoever meets it.
 */
export interface Judged {
  readonly txId: HexId;
  readonly at: UnixMs;
  readonly verdict: Verdict | undefined;
  readonly keyId: HexId;
  /** While the compare is open: the signed statement under K_code (seal.ts), because it tells the code to who tries all. */
  readonly sealed: Uint8Array | undefined;
}
