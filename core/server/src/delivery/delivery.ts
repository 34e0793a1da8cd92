import type { RejectReason } from "@countersign/protocol";
import type { Platform } from "../identity/tenant.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { Observed } from "./observed.ts";
import type { EventLog } from "./timeline.ts";

/** What happened, as the chat tells it. Names as in countersign.channel.v1.NoticeType. */
export type NoticeType =
  | "CONFIRMED"
  | "EXECUTING"
  | "EXECUTED"
  | "EXECUTION_FAILED"
  | "EXECUTION_UNKNOWN"
  | "REJECTED"
  | "TAMPERED"
  | "LOCKED"
  | "EXPIRED"
  | "CANCELLED"
  | "UNDELIVERABLE"
  | "WRONG_CODE"
  | "RESENT"
  | "SUPERSEDED"
  | "FROZEN"
  | "BLOCKED"
  | "THAWED"
  | "LINKED"
  | "UNLINKED"
  | "KEY_ENROLLED"
  | "LAST_WARNING"
  | "KEY_REVOKED"
  | "USER_SUSPENDED"
  | "CHANNEL_SUSPENDED"
  | "CHANNEL_DEAD"
  | "MISSED"
  | "LINK_REFUSED"
  | "RECOVERY_HELD"
  | "RECOVERY_STOPPED"
  | "RECOVERY_USED"
  | "RECOVERY_ASKED"
  | "KEY_ASKED"
  | "LINK_ASKED"
  | "PARTIAL"
  | "APPROVED"
  | "APPROVAL_REFUSED"
  | "APPROVAL_ASKED"
  | "APPROVAL_OVER"
  | "TEST"
  | "CHANGE_APPLIED"
  | "CHANGE_FAILED"
  | "CHANGE_REJECTED"
  | "CHANGE_EXPIRED";

export interface Notice {
  readonly type: NoticeType;
  readonly at: UnixMs;
  readonly triesLeft?: number;
  readonly rejectReason?: RejectReason;
  readonly detail?: string;
  readonly receipt?: string;
  readonly claimBy?: UnixMs;
  /** Of what several people confirm: how many of the others have, of how many, until when. */
  readonly approved?: number;
  readonly needed?: number;
  readonly until?: UnixMs;
  /** Whose doing it is, if it is not this user's: who asks, who stopped it. Safe to show. */
  readonly by?: string;
}

/** Which code a message carries: epoch ‖ n. */
export interface IssueNumber {
  readonly epoch: number;
  readonly n: number;
}

/** What one chat should show. */
export type Wanted =
  | { readonly phase: "full"; readonly issue: IssueNumber; readonly notice?: Notice }
  | { readonly phase: "outcome" | "alert"; readonly notice: Notice; readonly showsLines: boolean };

export type DeliveryState = "QUEUED" | "SENDING" | "SENT" | "UNKNOWN" | "FAILED" | "WITHDRAWN";

/** What a bot may say of a message that failed; anything else is the first. */
export const CHANNEL_REASONS = [
  "CHANNEL_DOWN",
  "CHANNEL_BLOCKED_BY_USER",
  "CHANNEL_IDENTITY_CHANGED",
  "CHANNEL_DOES_NOT_FIT",
] as const;

/** Why a delivery failed or was withdrawn; a closed list, so that no provider's text reaches the store. */
export type DeliveryReason = (typeof CHANNEL_REASONS)[number] | "expired" | "superseded" | "vetoed" | "cancelled";

/**
 * What one chat should show for one transaction, and how far that is. The lane's worker brings the chat from what it
 * shows to what is wanted; a newer wish simply replaces an older one that was not shown yet (superseding). No code in
 * it: the code is derived when the bot is handed the message.
 */
export interface Delivery {
  readonly deliveryId: HexId;
  readonly tenantId: HexId;
  readonly userId: string;
  /** Undefined for alerts that belong to no transaction. */
  readonly txId: HexId | undefined;
  readonly linkId: HexId;
  readonly botId: HexId;
  readonly platform: Platform;
  readonly peerId: string;
  /** "prompt": notice, then full message, then outcome, in one chat message. "alert": a message of its own. */
  readonly type: "prompt" | "alert";
  readonly wanted: Wanted;
  /** Grows with every new wish; `shown` is the last one that reached the chat. */
  readonly wish: number;
  readonly shown: number;
  /** The chat message, once the provider accepted the notice. */
  readonly providerId: string | undefined;
  /** Issue of the last full message that the provider accepted. */
  readonly shownIssue: IssueNumber | undefined;
  /** A code of this transaction stands in the chat, or may: it was sent, or left and nobody knows. */
  readonly mayHoldCode: boolean;
  readonly state: DeliveryState;
  readonly reason: DeliveryReason | undefined;
  /** What the bot saw when a try of the current wish failed last; absent: none did, or it did not say. */
  readonly observed?: Observed;
  /** Tries of the current wish that ended without Sent, and how many of those left with an unknown fate. */
  readonly attempts: number;
  readonly unknowns: number;
  /** Not before this moment again; undefined: no further try of the current wish. */
  readonly retryAt: UnixMs | undefined;
  /** Not after this moment at all. */
  readonly notAfter: UnixMs;
  /** The next channel is tried from this moment on, unless the current issue was shown. */
  readonly fallbackAt: UnixMs | undefined;
  /** Of the bot's lease under which it was last handed out; 0 before. */
  readonly fence: number;
  /** How often it was handed out: which one a report is about. Absent in deliveries from before. */
  readonly hands?: number;
  readonly createdAt: UnixMs;
  readonly updatedAt: UnixMs;
  /** What the provider said of the message after it had accepted it: that it reached the phone, or never will. */
  readonly receipt?: "reached" | "lost";
  /** Its newest events, oldest first (timeline.ts), and how many there ever were. Absent in deliveries from before. */
  readonly log?: EventLog;
  readonly logged?: number;
}
