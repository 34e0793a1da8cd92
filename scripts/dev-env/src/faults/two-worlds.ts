import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import type { ChannelName } from "../chat/chat-service.ts";
import { FaultWorld } from "./fault-world.ts";

/**
 * `hasty`: a channel's time is over soon, and the next one is asked. `patient`: it is not over before a busy machine is
 * done with whatever happens at once, so what happens there does not happen because of the time.
 */
export type Temper = "hasty" | "patient";

const LONG_CODES = { digits: 10, highValueDigits: 10 };
/** The longest that a policy allows; a channel has its share of what the code lives, 40 s of three, if that is less. */
const PATIENT = { channelTimeoutS: 300 };

/** Two installations of a test file with the same channels. Every line is open and every fake mended before the next test. */
export class TwoWorlds {
  readonly #channels: readonly ChannelName[];
  readonly #worlds = new Map<Temper, FaultWorld>();
  #temper: Temper = "hasty";
  #before: readonly (number | undefined)[] = [];

  private constructor(channels: readonly ChannelName[]) {
    this.#channels = channels;
  }

  /** To be called at the top of a file. */
  static declare(channels: readonly ChannelName[]): TwoWorlds {
    const folder = tempFolder();
    const two = new TwoWorlds(channels);
    beforeAll(async () => {
      for (const temper of ["hasty", "patient"] as const) await two.#start(temper, folder);
    }, 400_000);
    afterEach(async () => {
      await two.#mend();
    }, 400_000);
    afterAll(async () => {
      for (const world of two.#worlds.values()) await world.stop();
    }, 400_000);
    return two;
  }

  /** The tests of this `describe` happen in this one. */
  livesIn(temper: Temper): void {
    beforeAll(() => {
      this.#temper = temper;
      this.mayHaveDied();
    });
  }

  get world(): FaultWorld {
    const world = this.#worlds.get(this.#temper);
    if (world === undefined) throw new Error(`the ${this.#temper} installation did not start`);
    return world;
  }

  /** The test itself ended a bot and started it again. */
  mayHaveDied(): void {
    this.#before = this.world.pids();
  }

  /** Throws where a bot has died since. */
  mustLive(): void {
    this.world.mustLive(this.#before);
  }

  async #start(temper: Temper, folder: string): Promise<void> {
    const at = join(folder, temper);
    mkdirSync(at);
    const policy = { ...LONG_CODES, ...(temper === "patient" ? PATIENT : {}) };
    this.#worlds.set(temper, await FaultWorld.start({ folder: at, channels: this.#channels, policy }));
  }

  async #mend(): Promise<void> {
    for (const channel of this.#channels) {
      await this.world.mend(channel);
      await this.world.turn(channel, "open");
    }
    this.mustLive();
  }
}
