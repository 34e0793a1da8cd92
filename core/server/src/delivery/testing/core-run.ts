// One life of a core over a world's store: its bots and its sweeper, until it is killed.
import type { CoreGiven } from "../../given.ts";
import type { Link } from "../../identity/link.ts";
import type { Store } from "../../store/store.ts";
import { deliveryDue } from "../due.ts";
import type { Phone } from "./phone.ts";
import { FakeBot, turn, type Answer, type World } from "./world.ts";

export interface Chat {
  readonly link: Link;
  readonly phone: Phone;
  readonly answer: Answer;
}

export class CoreRun {
  readonly bots: readonly FakeBot[];
  readonly #world: World;
  readonly #given: CoreGiven;

  constructor(world: World, store: Store, fence: number, chats: readonly Chat[]) {
    this.#world = world;
    this.#given = { ...world.given, store };
    this.bots = chats.map(
      ({ link: { botId = "" }, phone, answer }) => new FakeBot(this.#given, phone, answer, { botId, fence }),
    );
  }

  /** Lets time pass, until `isOver`: then the core is gone. */
  async pass(ms: number, step: number, isOver: () => boolean = () => false): Promise<void> {
    const end = this.#world.store.now() + ms;
    await turn();
    while (!isOver() && this.#world.store.now() < end) {
      this.#world.clock.advance(step);
      await this.#sweep(isOver);
      await turn();
    }
  }

  stop(): void {
    for (const bot of this.bots) bot.engine.stop();
  }

  async #sweep(isOver: () => boolean): Promise<void> {
    for (const found of await this.#world.store.due(this.#world.store.now(), 100)) {
      if (isOver()) return;
      await deliveryDue(this.#given, found).catch((error: unknown) => {
        if (!isOver()) throw error;
      });
    }
  }
}
