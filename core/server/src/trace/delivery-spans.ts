import { happeningsOf } from "../metrics/happening.ts";
import type { ChangeSet } from "../store/store.ts";
import type { OpenSpan, Tracing } from "./tracing.ts";

/** Attempts of which nothing is heard any more are forgotten beyond so many. */
const MOST_OPEN = 4096;

/**
 * An attempt is a span from the commit that hands a message out to the one that takes the report, or gives up waiting
 * for it; it belongs to no call.
 */
export class DeliverySpans {
  readonly #tracing: Tracing;
  readonly #open = new Map<string, OpenSpan>();

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  /** Something of a delivery was committed, or of anything else. */
  committed({ writes, audit }: ChangeSet): void {
    const id = writes.find(({ key }) => key.type === "delivery")?.key.id;
    if (id === undefined) return;
    for (const happening of happeningsOf(audit)) {
      if (happening.type !== "delivery") continue;
      const { channel, outcome } = happening;
      if (outcome === "handed") this.#begin(id, channel);
      else this.#end(id, outcome);
    }
  }

  #begin(id: string, channel: string): void {
    this.#end(id, "unknown");
    this.#open.set(id, this.#tracing.begin("delivery.attempt", { "countersign.channel": channel }));
    if (this.#open.size <= MOST_OPEN) return;
    const [oldest = ""] = this.#open.keys();
    this.#open.delete(oldest);
  }

  #end(id: string, outcome: string): void {
    this.#open.get(id)?.end({ "countersign.outcome": outcome });
    this.#open.delete(id);
  }
}
