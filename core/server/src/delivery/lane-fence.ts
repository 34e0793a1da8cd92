import type { BotLease } from "../channel/bot-lease.ts";
import type { EntityKey, HexId, Shard } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";

/** Who may speak for a bot, under which fence. */
export interface Seat {
  readonly tenantId: HexId;
  readonly botId: HexId;
  readonly fence: number;
}

/** A newer holder of the bot's lease was here: what the older one still wants to write is refused. */
export class StaleFenceError extends Error {
  override readonly name = "StaleFenceError";
}

/**
 * The fence of a bot in one shard. A new holder writes its own before it acts on the shard's deliveries, and every
 * commit of a holder carries it, so that a late holder's commit meets a version that moved.
 */
export function laneFenceKey(seat: Seat, shard: Shard): EntityKey<"bot-lease"> {
  return { type: "bot-lease", tenant: seat.tenantId, id: `${seat.botId}@${shard}` };
}

/** The fence as part of a commit. Throws StaleFenceError if a newer one stands there. */
export function fenceWrite(seat: Seat, loaded: LoadedEntity<"bot-lease">): AnyWrite {
  if (loaded.body !== undefined && loaded.body.fence > seat.fence) {
    throw new StaleFenceError(`bot ${seat.botId}: fence ${seat.fence} is over, ${loaded.body.fence} holds`);
  }
  const body: BotLease = { botId: seat.botId, fence: seat.fence, until: 0 };
  return { key: loaded.key, expected: loaded.version, body };
}
