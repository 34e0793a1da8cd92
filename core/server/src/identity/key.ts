import type { HexId, UnixMs } from "../store/entity.ts";

/** What is known of a FIDO2 credential, and of nothing else: docs/protocol/fido2.md. */
export interface FidoDetails {
  readonly credentialId: Uint8Array;
  /** Relying party it was made for. */
  readonly rpId: string;
  /** 16 bytes; all zeros: not told. */
  readonly aaguid: Uint8Array;
  /** A passkey of phone, PC or password manager: made by the platform, or fit to be copied to other devices. */
  readonly passkey: boolean;
  readonly backupEligible: boolean;
  /** As its last assertion told. */
  readonly backedUp: boolean;
  readonly transports: readonly string[];
}

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
  /** COSE_Sign1 of the enrolment map, attestation inside; of a FIDO2 key its registration (encodeFidoCredential). */
  readonly enrolment: Uint8Array;
  /** Set for a FIDO2 key or passkey; absent: a Countersign key. */
  readonly fido?: FidoDetails;
  /** Its model proved itself at enrolment, under a key or root that the policy trusted then. Absent: it did not. */
  readonly attested?: true;
  /** Enrolled by a recovery, as a first key: with it the older ones are revoked. */
  readonly recoveryId?: HexId;
  /** Given by Rename. */
  readonly name?: string;
  readonly enrolledAt: UnixMs;
  /** Not for high value before this moment. */
  readonly heldUntil: UnixMs;
  /** Of a REVOKED key that was never ACTIVE: it does not count as a key that the user had. */
  readonly neverActive?: true;
  /** Highest counter seen, and a bitmap (bit i = highest - i) of the last 64. */
  readonly counter: { readonly highest: number; readonly seen: bigint };
}
