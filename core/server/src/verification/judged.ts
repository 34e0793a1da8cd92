import type { HexId, UnixMs } from "../store/entity.ts";
import type { Reason, RejectReason } from "@countersign/protocol";

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
 * A statement that was judged at rows 8 to 12, known by the SHA-256 of its bytes and never by signature bytes (ECDSA is
 * malleable). The entity's id is `txId:hash`. Without a verdict the compare of row 12 is still open and is finished by
 * whoever meets it: proofMac = HMAC(K_code, "countersign/open-compare/v1\0" ‖ codeProof), because a code proof at rest
 * would let a thief of the store guess the code.
 */
export interface Judged {
  readonly txId: HexId;
  readonly at: UnixMs;
  readonly verdict: Verdict | undefined;
  readonly keyId: HexId;
  readonly proofMac: Uint8Array | undefined;
  /** Kept while the compare is open: COSE_Sign1 without its proof is useless, so only what a receipt needs after success. */
  readonly issue: { readonly epoch: number; readonly n: number } | undefined;
}
