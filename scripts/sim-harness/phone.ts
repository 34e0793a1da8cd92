// The second channel: a bot attached to each core in turn, the real delivery engine behind it, and the user's phone.
import type { Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import { tryTake, type Lease } from "../../core/server/src/channel/lease.ts";
import { DeliveryEngine } from "../../core/server/src/delivery/engine.ts";
import type { HexId, UnixMs } from "../../core/server/src/store/entity.ts";
import type { Monitor } from "./monitor.ts";
import { isForeseen, type CoreProcess } from "./process.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Setting } from "./step.ts";

interface Attached {
  readonly engine: DeliveryEngine;
  readonly lease: Lease;
}

export interface PhoneOptions {
  readonly scheduler: Scheduler;
  readonly monitor: Monitor;
  readonly setting: Setting;
  /** The lease's end as the holder takes it. */
  readonly heldUntil: (until: UnixMs) => UnixMs;
}

/** Every user's phone, and the bots that write to it. */
export class Phones {
  readonly #of: PhoneOptions;
  readonly #attached = new Map<string, Attached>();
  readonly #codes = new Map<string, string[]>();
  #messages = 0;

  constructor(options: PhoneOptions) {
    this.#of = options;
  }

  /** Codes that a phone showed under a tag, oldest first: by the tag people know which transaction it is for. */
  codes(tag: string): readonly string[] {
    return this.#codes.get(tag) ?? [];
  }

  /** A bot says hello to this core; it gets the seat when nobody else holds it. */
  async attach(core: CoreProcess, bot: { readonly tenantId: HexId; readonly botId: HexId }): Promise<void> {
    const name = `${core.name} ${bot.botId}`;
    // As attach does it, but that nobody waits: who does not get the seat comes again when the schedule says so.
    const lease = await tryTake(core.given, bot);
    if (lease === undefined) return;
    this.#stop(name);
    const engine = new DeliveryEngine(core.given, {
      seat: lease.seat,
      heldUntil: () => this.#of.heldUntil(lease.until),
      send: async (message) => this.#send(core, name, message),
      fail: (error) => {
        if (!isForeseen(error)) this.#of.monitor.fail("error", `delivery: ${String(error)}`);
        this.#stop(name);
      },
    });
    this.#attached.set(name, { engine, lease });
    engine.start();
  }

  /** A beat of the bots of this core. */
  beat(core: CoreProcess): void {
    for (const [name, { engine, lease }] of this.#attached) {
      if (!name.startsWith(`${core.name} `)) continue;
      void lease.renew().then(
        () => engine.wake(),
        () => this.#stop(name),
      );
    }
  }

  /** The core died, and its streams with it. */
  lose(core: CoreProcess): void {
    for (const name of this.#attached.keys()) if (name.startsWith(`${core.name} `)) this.#stop(name);
  }

  #stop(name: string): void {
    this.#attached.get(name)?.engine.stop();
    this.#attached.delete(name);
  }

  #send(core: CoreProcess, name: string, message: Deliver): void {
    const { scheduler, setting } = this.#of;
    const { tag, code, sequence, deliveryId } = message;
    scheduler.add("provider", `takes ${deliveryId}`, (fate) => {
      if (fate < setting.lost) return;
      if (code !== "") this.#codes.set(tag, [...this.codes(tag), code]);
      const providerId = message.providerId === "" ? `message ${(this.#messages += 1)}` : message.providerId;
      scheduler.add(core.name, `reports ${deliveryId}`, () => {
        const engine = this.#attached.get(name)?.engine;
        void engine?.report(sequence, { type: "sent", providerId }).catch((error: unknown) => {
          if (!isForeseen(error)) this.#of.monitor.fail("error", `report: ${String(error)}`);
        });
      });
    });
  }
}
