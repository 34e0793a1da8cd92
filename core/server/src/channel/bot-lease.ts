import type { HexId, UnixMs } from "../store/entity.ts";

/** One process at a time speaks for a bot identity. */
export interface BotLease {
  readonly botId: HexId;
  /** Grows with every holder. */
  readonly fence: number;
  readonly until: UnixMs;
}
