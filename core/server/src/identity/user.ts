import type { HexId, UnixMs } from "../store/entity.ts";
import type { Recovery } from "./recovery.ts";

type UserState = "ACTIVE" | "FROZEN" | "BLOCKED" | "SUSPENDED";

/** A user with the counters that outlive his transactions. No counter clears by itself. */
export interface User {
  readonly tenantId: HexId;
  readonly userId: string;
  readonly state: UserState;
  /** When he was frozen, blocked or suspended last. Absent: never, or before it was kept. */
  readonly stoppedAt?: UnixMs;
  /** Of who is SUSPENDED: what he is again when he is resumed. Absent: FROZEN, so that his own key decides. */
  readonly suspendedFrom?: Exclude<UserState, "SUSPENDED">;
  /** The change that resumed him last: it ends no later suspension. Absent: none did. */
  readonly resumedBy?: HexId;
  /** His own words on every message. */
  readonly phrase: string;
  /** BCP 47. */
  readonly locale: string;
  readonly createdAt: UnixMs;
  readonly keyIds: readonly HexId[];
  /** In the order of delivery. */
  readonly linkIds: readonly HexId[];
  /** Transactions that may still be open; those past `until` no longer count. THAW ones are not in it. */
  readonly open: readonly { readonly txId: HexId; readonly until: UnixMs; readonly tag: string }[];
  /** Times of the prompts of the last minute. */
  readonly prompts: readonly UnixMs[];
  /** Wrong codes in a row, across transactions; a confirmed one resets it, nothing else but a THAW does. */
  readonly wrongInARow: number;
  /** The open THAW, if any, and the times of those of the last hour. */
  readonly thaw: { readonly txId: HexId; readonly until: UnixMs } | undefined;
  readonly thaws: readonly UnixMs[];
  /** Ways back to new keys that were asked for, newest first. Absent: none ever was. */
  readonly recoveries?: readonly Recovery[];
  /** Of his chats, those that froze him or unlinked a chat, oldest first (taken-event.ts). Absent: none did. */
  readonly takenEvents?: readonly string[];
}

/** Where a user stands in the list of his tenant's. */
export interface UserEntry {
  readonly userId: string;
  readonly createdAt: UnixMs;
}
