// The policy document of a tenant: one validated value, frozen in part into each transaction at Create.
import type { Kind } from "@countersign/protocol";
import type { Platform } from "../identity/tenant.ts";
import type { Assurance } from "./assurance.ts";

/** An amount limit in one currency; other currencies are refused where a limit applies, because nothing can be compared. */
export interface AmountLimit {
  readonly currency: string;
  readonly minorUnits: bigint;
}

/** A key model's attestation key: what its devices sign their attestation with. */
interface AttestationKey {
  readonly model: string;
  /** COSE_Key bytes; ES256. */
  readonly publicKey: Uint8Array;
}

/** Web pages that may ask a FIDO2 key, and whether the phone's or PC's own key is one. */
export interface WebauthnPolicy {
  /** Domain to which the credentials belong; undefined: no web page may ask, only programs. */
  readonly rpId?: string | undefined;
  /** Of the pages that may ask, such as `https://pay.bank.example`. */
  readonly origins: readonly string[];
  readonly passkeys: "refused" | "allowed";
}

/** Who vouches for FIDO2 keys. */
export interface FidoRoot {
  /** PEM of one certificate; its own key signed attestations, or the certificates of those that did. */
  readonly certificate: string;
  /** AAGUID of the one model that it vouches for; undefined: for any. */
  readonly aaguid?: string | undefined;
  /** What people call the model. */
  readonly model?: string | undefined;
}

/** How dangerous it is what an administrator loosens. docs/decisions/0024, "What stops, what loosens" */
export const ADMIN_LEVELS = ["low", "medium", "high"] as const;
export type AdminLevel = (typeof ADMIN_LEVELS)[number];

/** Who has to confirm beside the user himself, from which amounts on. docs/decisions/0025 */
export interface ApproverRule {
  /** Of apps; empty: all. */
  readonly kinds: readonly Kind[];
  /** From these amounts on; empty: whatever it is about. */
  readonly from: readonly AmountLimit[];
  /** By the relying party's own names. */
  readonly users: readonly string[];
  /** Distinct ones of them, never the one who asks; at least 1. */
  readonly needed: number;
  /** So long they have; at most 7 days. */
  readonly withinHours: number;
}

/** The rule that was met, as a transaction keeps it. */
export interface FrozenApproval {
  readonly users: readonly string[];
  readonly needed: number;
  readonly withinMs: number;
}

/** A tenant's rules, with defaults and hard limits in `docs/protocol/policy.md`. */
export interface Policy {
  /** 6 to 10. */
  readonly digits: number;
  /** From this amount on: 8 digits at least, keys and channels on hold are refused. Empty: nothing is high value. */
  readonly highValue: readonly AmountLimit[];
  readonly highValueDigits: number;
  /** Seconds, and seconds more for each key page; together at most 600. */
  readonly lifetimeS: number;
  readonly lifetimePerPageS: number;
  /** 1 to 5. */
  readonly tries: number;
  /** Seconds, at most 3600. */
  readonly claimByS: number;
  readonly modes: readonly ("A" | "B" | "C")[];
  /** For keys with a display: A (chat carries the code alone) or B. */
  readonly displayMode: "A" | "B";
  /** Mode C is refused above these. Empty: no limit. */
  readonly modeCLimit: readonly AmountLimit[];
  readonly channels: readonly Platform[];
  /** What a channel must prove to carry a code. Absent in a document stored before the setting: low, medium. */
  readonly assurance?: Assurance;
  readonly highValueAssurance?: Assurance;
  /** Key models that may enrol; "emulator" only counts on a development core. */
  readonly keyModels: readonly string[];
  readonly userVerification: "pin" | "biometric";
  readonly wrongCodesInARow: number;
  readonly openPerUser: number;
  readonly promptsPerMinute: number;
  readonly resends: number;
  readonly resendAfterS: number;
  readonly channelTimeoutS: number;
  readonly unansweredPause: number;
  /** Hours during which new keys and channels are refused for high value. */
  readonly holdHours: number;
  readonly kinds: readonly Kind[];
  /** Guessing must fail this often: 10^digits is at least so many times the wrong codes that are allowed. */
  readonly guessOneIn: number;
  /** Trusted for the models they name. Without one for its model, a key enrols on a development core only. */
  readonly attestationKeys: readonly AttestationKey[];
  /** Absent in a document stored before the setting: no web pages, no passkeys. */
  readonly webauthn?: WebauthnPolicy;
  /** AAGUIDs of FIDO2 keys that may enrol and sign, attested. Empty or absent: any, attested or not. */
  readonly fidoModels?: readonly string[];
  readonly fidoRoots?: readonly FidoRoot[];
  /** Models, or AAGUIDs, whose attested keys know a finger when they say so. Absent: none. */
  readonly biometricModels?: readonly string[];
  /** AAGUIDs that no document can allow; set by the core itself. */
  readonly refusedFidoModels?: readonly string[];
  /** Of the user's own confirmations; 1, and never 0. Who has to confirm beside him is said by `approvers`. */
  readonly approvals: number;
  /** From strict to lax: of the rules that match, the first decides. Absent or empty: the user alone confirms. */
  readonly approvers?: readonly ApproverRule[];
  /** Administrators that a change of each level takes, the one who asks among them. Absent: 1, 1, 2. */
  readonly adminApprovals?: Readonly<Record<AdminLevel, number>>;
}

/** What of it a transaction keeps. */
export interface FrozenPolicy {
  readonly policyVersion: number;
  readonly digits: number;
  readonly tries: number;
  readonly claimByMs: number;
  readonly resends: number;
  readonly resendAfterMs: number;
  readonly channelTimeoutMs: number;
  /** So many prompts in a row without a reaction pause a chat; absent: 10. */
  readonly unansweredPause?: number;
  /** A channel that this links is so long not for high value; absent: 24 hours. */
  readonly holdMs?: number;
  readonly channels: readonly Platform[];
  /** Of a channel that may carry the code or show the lines; absent: low, and `channels` says the rest. */
  readonly assurance?: Assurance;
  readonly userVerification: "pin" | "biometric";
  /** Absent: none. */
  readonly biometricModels?: readonly string[];
  /** Of web pages that may ask a FIDO2 key; absent: none. Programs on the PC always may. */
  readonly origins?: readonly string[];
  /** So many wrong codes in a row, across transactions, block the user until a THAW. */
  readonly wrongCodesInARow: number;
  readonly highValue: boolean;
  /** Others have to confirm as well; absent: nobody. */
  readonly approval?: FrozenApproval;
}
