import type { Field, Kind, Mode, Reason, RejectReason } from "@countersign/protocol";
import type { Notice } from "../delivery/delivery.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { FrozenPolicy } from "../policy/policy.ts";

/** Which code is current: epoch ‖ n. */
export interface Issue {
  readonly epoch: number;
  readonly n: number;
}

/** What the core itself does when a transaction of its own kinds is confirmed. */
export type CoreAction =
  | { readonly type: "link"; readonly linkId: HexId }
  | { readonly type: "unlink"; readonly linkId: HexId }
  | { readonly type: "enrol"; readonly keyId: HexId }
  | { readonly type: "thaw" }
  /** The approval of a change; docs/decisions/0024. */
  | { readonly type: "admin"; readonly changeId: HexId }
  /** The session of an administrator, by tokenId; docs/decisions/0029. */
  | { readonly type: "login"; readonly token: string; readonly until: UnixMs };

/** What an approval is about: another user's transaction, which alone is claimed and executed. docs/decisions/0025 */
export interface Approves {
  readonly txId: HexId;
  /** Who asks for it. */
  readonly userId: string;
}

/** One approver was asked: the transaction for his key. */
export interface Ask {
  readonly userId: string;
  readonly txId: HexId;
}

/** One approver's yes: the statement over the same content that his key signed in a transaction of his own. */
export interface Approval extends Ask {
  readonly keyId: HexId;
  readonly signedStatement: Uint8Array;
  readonly at: UnixMs;
}

/** Frozen at Create; no RPC alters it. */
export interface Frozen {
  readonly txId: HexId;
  readonly tenantId: HexId;
  readonly userId: string;
  /** The app or grant that created it; "core" for what the core asks by itself. */
  readonly createdBy: HexId;
  readonly createdAt: UnixMs;
  readonly nonce: Uint8Array;
  readonly kind: Kind;
  readonly fields: readonly Field[];
  /** Canonical content (tx3). */
  readonly content: Uint8Array;
  readonly txDigest: Uint8Array;
  readonly tag: string;
  readonly mode: Mode;
  readonly keyIds: readonly HexId[];
  readonly policy: FrozenPolicy;
  readonly repeatOf: HexId | undefined;
  readonly action: CoreAction | undefined;
  /** Absent: it is nobody's approval. */
  readonly approves?: Approves;
}

/** What changes while it lives, in every state. */
export interface Progress {
  /** Number of changes so far. */
  readonly version: number;
  readonly issue: Issue;
  /** Earlier issues, newest last: what is typed from one of them is CODE_SUPERSEDED. */
  readonly superseded: readonly Issue[];
  readonly resends: number;
  readonly lastIssueAt: UnixMs;
  readonly triesLeft: number;
  readonly expiresAt: UnixMs;
  /** Reason of the last refused statement of rows 8-12, for the relying party. */
  readonly lastRefusal: Reason | undefined;
  /** Vetoes that came too late are recorded here. */
  readonly lateVeto: RejectReason | undefined;
  /** Of a transaction that several confirm: who was asked so far, in that order; absent: nobody. */
  readonly asked?: readonly Ask[];
  /** Whose yes counts, at most one of each person; absent: none. */
  readonly approvals?: readonly Approval[];
  /** Of an approval: the `version` of what it is about that its user was told last. */
  readonly told?: number;
}

/** The accepted statement, as receipts carry it. */
export interface Confirmation {
  readonly keyId: HexId;
  readonly signedStatement: Uint8Array;
  readonly at: UnixMs;
}

/** The right to execute. */
export interface Lease {
  readonly claimId: string;
  /** "core" for kinds that the core carries out itself. */
  readonly appId: HexId;
  readonly fence: number;
  readonly until: UnixMs;
  readonly idempotent: boolean;
  /** Begun by an idempotent executor and run out: another idempotent one may take it over. */
  readonly lapsed?: true;
}

export type Ending = "REJECTED" | "TAMPERED" | "LOCKED" | "EXPIRED" | "CANCELLED" | "UNDELIVERABLE";

/** Where it stands: a union, so that a field exists exactly where it means something. */
export type Standing =
  | { readonly state: "PENDING" }
  /** Its user confirmed, the others have not all. */
  | { readonly state: "PARTIAL"; readonly confirmation: Confirmation; readonly until: UnixMs }
  /** An approval was given: what it is about tells the rest. Never claimed, by construction. */
  | { readonly state: "APPROVED"; readonly confirmation: Confirmation; readonly at: UnixMs }
  | {
      readonly state: "CONFIRMED";
      readonly confirmation: Confirmation;
      readonly claimBy: UnixMs;
      /** The lease that lapsed before Begin, if any: the next one has its fence + 1. */
      readonly lapsed: Lease | undefined;
    }
  | {
      readonly state: "EXECUTING";
      readonly confirmation: Confirmation;
      readonly claimBy: UnixMs;
      readonly lease: Lease;
      readonly begun: boolean;
    }
  | {
      readonly state: "EXECUTION_UNKNOWN";
      readonly confirmation: Confirmation;
      readonly lease: Lease;
      readonly at: UnixMs;
    }
  | {
      readonly state: "EXECUTED" | "EXECUTION_FAILED";
      readonly confirmation: Confirmation;
      /** Of the lease under which it was reported; a person's Resolve keeps the last one. */
      readonly lease: Lease;
      readonly detail: string;
      readonly at: UnixMs;
    }
  | {
      readonly state: Ending;
      readonly reason: Reason;
      readonly rejectReason: RejectReason | undefined;
      readonly rejectedOnKey: boolean;
      readonly detail: string;
      readonly at: UnixMs;
      /** Another user, whose no it was. */
      readonly by?: string;
    };

export type Transaction = Frozen & Progress & Standing;
export type State = Transaction["state"];

/**
 * The transactions with this content of this user that still guard against DUPLICATE, newest last; the entity's id is
 * hex SHA-256 over user, kind and lines by label, without `repeat`. Those that ended without execution guard no more.
 */
export interface OpenContent {
  readonly txIds: readonly HexId[];
}

/**
 * What a step asks of the world. The shell turns each into writes of the same commit; nothing here reaches a provider
 * directly.
 */
export type Effect =
  /** The current issue's code goes to the user's channels, in order. */
  | { readonly type: "deliver-code"; readonly why: "created" | "resent" }
  /** The chats that show this transaction show this instead. `final`: no buttons, no code any more. */
  | { readonly type: "notify"; readonly notice: Notice; readonly final: boolean }
  /** A message of its own on every linked channel. */
  | { readonly type: "alert"; readonly notice: Notice }
  /** The user's counters and slots. */
  | { readonly type: "freeze-user" }
  | { readonly type: "count-wrong-code" }
  | { readonly type: "reset-wrong-codes" }
  | { readonly type: "release-slot" }
  /** A transaction of the core's own kinds was confirmed: do it, in this commit. */
  | { readonly type: "act"; readonly action: CoreAction }
  /** Executors are offered it (a hint). */
  | { readonly type: "offer" };
