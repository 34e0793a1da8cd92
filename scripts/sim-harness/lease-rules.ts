// One holder of a bot at a time, and nothing handed out after its lease.
import type { BotLease } from "../../core/server/src/channel/bot-lease.ts";
import type { Delivery } from "../../core/server/src/delivery/delivery.ts";
import type { Entry, Row } from "./cluster.ts";

export class LeaseRules {
  /** End of the lease of each bot under each fence. */
  readonly #ends = new Map<string, number>();

  goOnFrom(other: LeaseRules): void {
    for (const [name, until] of other.#ends) this.#ends.set(name, until);
  }

  /** What a commit of a lease or of a fence breaks. `latest`: where a clock went back, what was over is not over any more. */
  ofLease({ key, body }: Row, before: Row | undefined, { at, change }: Entry, latest: number): string | undefined {
    const { botId, fence, until } = body as BotLease;
    const last = before?.body as BotLease | undefined;
    if (botId === key.id) this.#ends.set(`${botId} ${fence}`, until);
    if (fence < (last?.fence ?? 0)) return `bot ${key.id}: ${last?.fence} and then ${fence}`;
    if (!change.audit.some(({ event }) => event === "bot.lease-taken")) return undefined;
    if (fence === last?.fence) return `bot ${key.id}: two holders under ${fence}`;
    return (last?.until ?? 0) > Math.max(at, latest) ? `bot ${key.id}: taken from its holder` : undefined;
  }

  /** Nobody hands out under a lease that is over by the store's clock. */
  ofHandOut({ deliveryId, botId, fence }: Delivery, { at }: Entry): string | undefined {
    const until = this.#ends.get(`${botId} ${fence}`) ?? 0;
    return at >= until ? `${deliveryId}: handed out ${at - until} ms after the lease` : undefined;
  }
}
