import { status, type ServiceError } from "@grpc/grpc-js";
import { DeliveryEventType, type DeliveryEvent } from "@countersign/proto/node/core/v1/code_service";
import type { Parts } from "../parts.ts";

/** What happens to the messages of a transaction, followed over deaths of the core: it goes on from its cursor. */
export class Timeline {
  readonly events: DeliveryEvent[] = [];
  /** Settles when the transaction has ended and its last message was dealt with. */
  readonly ended: Promise<void>;
  #watchers: (() => void)[] = [];

  constructor(parts: Parts, transactionId: string) {
    this.ended = this.#follow(parts, transactionId);
    this.ended.catch(() => undefined);
  }

  /** Resolves once an event of this type was told, of the platform if one is named; rejects if the stream ends before. */
  async until(type: number, platform?: string): Promise<void> {
    const isIt = (event: DeliveryEvent): boolean =>
      event.type === type && (platform === undefined || event.platform === platform);
    while (!this.events.some(isIt)) {
      const { promise, resolve } = Promise.withResolvers<"told">();
      this.#watchers.push(() => resolve("told"));
      const over = await Promise.race([promise, this.ended.then(() => "ended" as const)]);
      if (over === "ended") throw new Error(`no event ${type}: ${this.events.map((event) => event.type).join(" ")}`);
    }
  }

  /** Platforms in the order in which they were asked to show something. */
  askedInOrder(): string[] {
    const queued = this.events.filter(({ type }) => type === DeliveryEventType.QUEUED);
    return [...new Set(queued.map(({ platform }) => platform))];
  }

  async #follow(parts: Parts, transactionId: string): Promise<void> {
    for (let cursor = ""; ;) {
      try {
        for await (const told of parts.codes.watchDelivery({ transactionId, cursor })) {
          ({ cursor } = told);
          if (told.event !== undefined) this.events.push(told.event);
          for (const watcher of this.#watchers.splice(0)) watcher();
        }
        return;
      } catch (error) {
        if ((error as Partial<ServiceError>).code !== status.UNAVAILABLE) throw error;
      }
    }
  }
}
