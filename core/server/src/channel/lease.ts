import type { CoreGiven } from "../given.ts";
import { StaleFenceError, type Seat } from "../delivery/lane-fence.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { shardOfKey, type EntityKey, type HexId, type UnixMs } from "../store/entity.ts";
import type { Store } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { Hints } from "../transaction/hints.ts";
import type { BotCounts } from "./bot-counts.ts";
import type { BotLease } from "./bot-lease.ts";
import { isLeaseToken } from "./lease-token.ts";

/** A Beat must come within this; a standby takes over so long after the last one. */
export const LEASE_MS = 15_000;
/** A standby also looks by itself: nobody writes when a lease lapses, and clocks may jump. */
const LOOK_AGAIN_MS = 1000;

/** What is counted of a bot after something of it; what it was given to leave it. */
export type CountAgain = (counts: BotCounts | undefined, now: UnixMs) => BotCounts | undefined;

/** Which bot, of which tenant. */
export type BotName = Pick<Seat, "tenantId" | "botId">;

export function leaseKey({ tenantId, botId }: BotName): EntityKey<"bot-lease"> {
  return { type: "bot-lease", tenant: tenantId, id: botId };
}

/** The right to speak for a bot's identity, under a fence that grows with every holder. */
export class Lease {
  readonly seat: Seat;
  readonly #given: CoreGiven;
  #until: UnixMs;

  constructor(given: CoreGiven, seat: Seat, until: UnixMs) {
    this.#given = given;
    this.seat = seat;
    this.#until = until;
  }

  /** When it ends, by the store's clock; 0 once it was released. */
  get until(): UnixMs {
    return this.#until;
  }

  /** What `counts` says is written with it. Throws StaleFenceError once somebody else holds it. */
  async renew(counts: CountAgain = (held) => held): Promise<void> {
    const body = await change(this.#given, this.seat, "bot.lease-renewed", (held, now) => {
      if (held?.fence !== this.seat.fence) throw stale(this.seat, held);
      return withCounts({ ...held, until: now + LEASE_MS }, counts(held.counts, now));
    });
    this.#until = body.until;
  }

  /** Lets the next holder in at once; what `counts` says is written with it. */
  async release(counts: CountAgain = (held) => held): Promise<void> {
    this.#until = 0;
    await change(this.#given, this.seat, "bot.lease-released", (held, now) =>
      held?.fence === this.seat.fence ? withCounts({ ...held, until: now }, counts(held.counts, now)) : undefined,
    );
  }

  /** Throws StaleFenceError if somebody else holds it by now. */
  async check(): Promise<void> {
    const key = leaseKey(this.seat);
    const { entities } = await this.#given.store.load(shardOfKey(key), key);
    if (entities[0].body?.fence !== this.seat.fence) throw stale(this.seat, entities[0].body);
  }
}

/** Of a process that held no lease, or does not say so. */
const NO_TOKEN: Uint8Array = new Uint8Array();

/**
 * Waits until nobody holds the lease, then takes it under the next fence; at once where `token` is that of the process
 * that holds it. undefined: the call is over.
 */
export async function takeLease(
  given: CoreGiven,
  bot: BotName,
  signal: AbortSignal,
  token: Uint8Array = NO_TOKEN,
): Promise<Lease | undefined> {
  const hints = new Hints(given.store, "bot-lease", (id) => id === bot.botId);
  try {
    while (!signal.aborted) {
      const taken = await tryTake(given, bot, token);
      if (taken !== undefined) return taken;
      await Promise.race([hints.next(signal), moment(signal)]);
    }
    return undefined;
  } finally {
    hints.close();
  }
}

/** Takes the lease under the next fence if nobody else holds it; undefined: somebody does. */
export async function tryTake(
  given: CoreGiven,
  bot: BotName,
  token: Uint8Array = NO_TOKEN,
): Promise<Lease | undefined> {
  let taken = false;
  const body = await change(given, bot, "bot.lease-taken", (held, now) => {
    const isLeft = leftByAnEarlierProcess(given, bot, held?.fence ?? 0);
    taken = held === undefined || held.until <= now || isLeft || isLeaseToken(given, bot, { fence: held.fence, token });
    if (!taken) return undefined;
    const next = { botId: bot.botId, fence: (held?.fence ?? 0) + 1, until: now + LEASE_MS };
    return withCounts(next, held?.counts);
  });
  return taken ? new Lease(given, { ...bot, fence: body.fence }, body.until) : undefined;
}

/** Counts, whoever holds the lease, in a commit of its own; none where `again` leaves them. */
export async function recount(given: CoreGiven, bot: BotName, event: () => string, again: CountAgain): Promise<void> {
  await change(given, bot, event, (held, now) => {
    const counts = again(held?.counts, now);
    return counts === held?.counts ? undefined : withCounts(held ?? { ...NOBODY, botId: bot.botId }, counts);
  });
}

function withCounts(lease: BotLease, counts: BotCounts | undefined): BotLease {
  return counts === undefined ? lease : { ...lease, counts };
}

/** The fence of each bot's lease when this process first looked at it, by store. */
const FIRST_SEEN = new WeakMap<Store, Map<HexId, number>>();

/** A killed core releases nothing. Where there is no other core, its bots need not wait until the lease lapses. */
function leftByAnEarlierProcess(given: CoreGiven, { botId }: BotName, fence: number): boolean {
  if (given.soleCore !== true) return false;
  const seen = FIRST_SEEN.get(given.store) ?? new Map<HexId, number>();
  FIRST_SEEN.set(given.store, seen);
  if (!seen.has(botId)) seen.set(botId, fence);
  return seen.get(botId) === fence;
}

/** `next` answers undefined to leave it as it is. */
async function change(
  given: CoreGiven,
  bot: BotName,
  event: string | (() => string),
  next: (held: BotLease | undefined, now: UnixMs) => BotLease | undefined,
): Promise<BotLease> {
  const key = leaseKey(bot);
  const shard = shardOfKey(key);
  const settled = await untilSettled(async () => {
    const { entities, epoch, now } = await given.store.load(shard, key);
    const [held] = entities;
    const body = next(held.body, now);
    if (body === undefined) return held.body ?? NOBODY;
    const outcome = await commitOnce(given, shard, {
      epoch,
      writes: [{ key, expected: held.version, body }],
      audit: [
        {
          event: typeof event === "string" ? event : event(),
          tenant: bot.tenantId,
          actor: `bot:${bot.botId}`,
          subject: `bot:${bot.botId}`,
          detail: { fence: body.fence },
        },
      ],
    });
    return outcome === "committed" ? body : undefined;
  });
  if (isRefusal(settled)) throw new Error(`bot ${bot.botId}: ${settled.message}`);
  return settled;
}

const NOBODY: BotLease = { botId: "", fence: 0, until: 0 };

function stale(seat: Seat, held: BotLease | undefined): StaleFenceError {
  return new StaleFenceError(`bot ${seat.botId}: fence ${seat.fence} is over, ${held?.fence ?? 0} holds`);
}

function moment(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LOOK_AGAIN_MS);
  const over = (): void => resolve();
  signal.addEventListener("abort", over, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", over);
  });
}
