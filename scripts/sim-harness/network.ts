import type { CoreGiven } from "../../core/server/src/given.ts";
import type { Monitor } from "./monitor.ts";
import { isForeseen, type CoreProcess } from "./process.ts";
import type { Fate, Scheduler } from "./scheduler.ts";
import type { Setting } from "./step.ts";

/** No answer came: what the core did is unknown to the caller. */
export const LOST = "lost";

export interface NetworkOptions {
  readonly scheduler: Scheduler;
  readonly monitor: Monitor;
  readonly setting: Setting;
  /** The core that listens there at this moment. */
  readonly coreAt: (index: number) => CoreProcess;
}

/** Between callers and cores: what is sent arrives late, twice, or never, and so does the answer. */
export class Network {
  readonly #of: NetworkOptions;
  /** Once over, everything arrives. */
  quiet = false;

  constructor(options: NetworkOptions) {
    this.#of = options;
  }

  call<T>(
    caller: string,
    core: number,
    name: string,
    handle: (given: CoreGiven) => Promise<T>,
  ): Promise<T | typeof LOST> {
    const { scheduler, setting } = this.#of;
    return new Promise((resolve) => {
      scheduler.add(caller, `asks core ${core}: ${name}`, (fate: Fate) => {
        if (fate < setting.lost) return scheduler.add(caller, `no answer: ${name}`, () => resolve(LOST));
        this.#serve(caller, core, name, handle, resolve);
        const twice = fate < setting.lost + setting.twice;
        if (twice) this.#serve(caller, core, name, handle, () => {});
      });
    });
  }

  #serve<T>(
    caller: string,
    index: number,
    name: string,
    handle: (given: CoreGiven) => Promise<T>,
    resolve: (answer: T | typeof LOST) => void,
  ): void {
    const { scheduler, setting, coreAt } = this.#of;
    const core = coreAt(index);
    const gone = (): void => scheduler.add(caller, `connection lost: ${name}`, () => resolve(LOST));
    core.waiting.add(gone);
    void this.#handle(core, name, handle).then((answer) => {
      core.waiting.delete(gone);
      if (answer === LOST) return gone();
      return scheduler.add(caller, `hears: ${name}`, (fate) => resolve(fate < setting.lost ? LOST : answer));
    });
  }

  async #handle<T>(
    core: CoreProcess,
    name: string,
    handle: (given: CoreGiven) => Promise<T>,
  ): Promise<T | typeof LOST> {
    try {
      return await handle(core.given);
    } catch (error) {
      if (!isForeseen(error)) this.#of.monitor.fail("error", `${name}: ${String(error)}`);
      return LOST;
    }
  }
}
