// A core as a process of the simulation: it dies with all that it knew, and comes back with nothing but the store.
import type { CoreGiven } from "../../core/server/src/given.ts";
import { dueHandlersOf } from "../../core/server/src/services.ts";
import type { EntityKey, Shard } from "../../core/server/src/store/entity.ts";
import { IntegrityError, StoreFullError, type Store } from "../../core/server/src/store/store.ts";
import { Sweeper } from "../../core/server/src/sweep.ts";
import type { Cluster } from "./cluster.ts";
import type { Monitor } from "./monitor.ts";
import { SECRETS, SERVER_ID } from "./people.ts";
import type { Plant } from "./plant.ts";
import { StorePort } from "./port.ts";
import type { SeededRandom } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Setting } from "./step.ts";

export interface ProcessOptions {
  readonly name: string;
  readonly cluster: Cluster;
  readonly scheduler: Scheduler;
  readonly monitor: Monitor;
  readonly random: SeededRandom;
  readonly setting: Setting;
  readonly skewMs: number;
  readonly plant: Plant | undefined;
  readonly tell: (shard: Shard, keys: readonly EntityKey[], from: string) => void;
}

export class CoreProcess {
  readonly name: string;
  readonly given: CoreGiven;
  readonly port: StorePort;
  readonly #sweeper: Sweeper;
  #sweeping = false;
  /** Calls whose callers wait for this process. */
  readonly waiting: Set<() => void> = new Set<() => void>();

  constructor(options: ProcessOptions) {
    const { name, cluster, scheduler, monitor, random, setting, skewMs, plant, tell } = options;
    this.name = name;
    const { slow, full, unknown } = setting;
    const faults = { slow, full, unknownDid: unknown >> 1, unknownNot: unknown >> 1 };
    this.port = new StorePort({ cluster, scheduler, owner: name, faults, skewMs, tell });
    const store: Store = plant?.store?.(this.port, cluster) ?? this.port;
    this.given = {
      store,
      secrets: SECRETS,
      serverId: SERVER_ID,
      random: { bytes: (length) => random.bytes(length) },
      log: {
        debug: () => {},
        info: () => {},
        warn: () => {},
        error: ({ error }, message) => {
          if (!isForeseen(error)) monitor.fail("error", `${message}: ${String(error)}`);
        },
      },
      development: true,
    };
    this.#sweeper = new Sweeper(this.given, dueHandlersOf(this.given));
    // It arms no timer once it was stopped: passes are the schedule's matter.
    void this.#sweeper.stop();
  }

  /** One pass over all that is due; passes do not overlap. */
  async sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    await this.#sweeper.sweep();
    this.#sweeping = false;
  }
}

/** What a full disk, a lost lease or another's hand in the database makes of a call is no surprise. */
export function isForeseen(error: unknown): boolean {
  const isOfStore = error instanceof StoreFullError || error instanceof IntegrityError;
  return isOfStore || (error instanceof Error && error.name === "StaleFenceError");
}
