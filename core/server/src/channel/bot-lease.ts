import type { HexId, UnixMs } from "../store/entity.ts";
import type { BotCounts } from "./bot-counts.ts";

/** One process at a time speaks for a bot identity. */
export interface BotLease {
  readonly botId: HexId;
  /** Grows with every holder. */
  readonly fence: number;
  readonly until: UnixMs;
  /** What is counted of the bot, whoever holds the lease. Absent: nothing yet. */
  readonly counts?: BotCounts;
}
