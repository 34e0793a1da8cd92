import type { HexId, UnixMs } from "../store/entity.ts";

/** A smart key's credential, as enrolled. */
export interface Key {
  readonly keyId: HexId;
  readonly tenantId: HexId;
  readonly userId: string;
  readonly state: "PROVISIONAL" | "ACTIVE" | "REVOKED";
  /** COSE_Key bytes; ES256. */
  readonly publicKey: Uint8Array;
  readonly model: string;
  readonly serial: string;
  readonly registryVersion: number;
  readonly glyphs: "ascii" | "latin";
  readonly hasDisplay: boolean;
  readonly hasKeypad: boolean;
  /** COSE_Sign1 of the enrolment map, attestation inside. */
  readonly enrolment: Uint8Array;
  readonly enrolledAt: UnixMs;
  /** Not for high value before this moment. */
  readonly heldUntil: UnixMs;
  /** Of a REVOKED key that was never ACTIVE: it does not count as a key that the user had. */
  readonly neverActive?: true;
  /** Highest counter seen, and a bitmap (bit i = highest - i) of the last 64. */
  readonly counter: { readonly highest: number; readonly seen: bigint };
}
