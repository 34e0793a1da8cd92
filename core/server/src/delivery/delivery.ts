import type { RejectReason } from "@countersign/protocol";
import type { HexId, UnixMs } from "../store/entity.ts";

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
  | "LAST_WARNING";

export interface Notice {
  readonly type: NoticeType;
  readonly at: UnixMs;
  readonly triesLeft?: number;
  readonly rejectReason?: RejectReason;
  readonly detail?: string;
  readonly receipt?: string;
  readonly claimBy?: UnixMs;
}

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
  readonly peerId: string;
  /** "prompt": notice, then full message, then outcome, in one chat message. "alert": a message of its own. */
  readonly type: "prompt" | "alert";
  readonly wanted:
    | {
        readonly phase: "full";
        readonly issue: { readonly epoch: number; readonly n: number };
        readonly notice?: Notice;
      }
    | { readonly phase: "outcome" | "alert"; readonly notice: Notice; readonly showsLines: boolean };
  /** Grows with every new wish; `shown` is the last one that reached the chat. */
  readonly wish: number;
  readonly shown: number;
  /** The chat message, once the notice was accepted. */
  readonly providerId: string | undefined;
  readonly state: "QUEUED" | "SENDING" | "SENT" | "UNKNOWN" | "FAILED" | "WITHDRAWN";
  readonly reason: string | undefined;
  readonly attempts: number;
  /** Not before this moment again. */
  readonly retryAt: UnixMs;
  /** Not after this moment at all. */
  readonly notAfter: UnixMs;
  /** Next channel is tried from this moment on, unless SENT. */
  readonly fallbackAt: UnixMs | undefined;
  readonly fence: number;
  readonly updatedAt: UnixMs;
}
