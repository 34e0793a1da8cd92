import type { CoreGiven } from "../given.ts";
import { botKey } from "../identity/entity-key.ts";
import { shardOfKey } from "../store/entity.ts";
import type { BotName } from "./lease.ts";

/** A hint of another core may be lost: each stream asks again as often as this. */
const ASK_AGAIN_MS = 500;

/** Whether an administrator paused a bot, known within a second on every core. */
export class PauseWatch {
  readonly #given: CoreGiven;
  readonly #bot: BotName;
  readonly #changed: () => void;
  #paused = false;
  #unsubscribe: (() => void) | undefined;
  #asking: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `changed`: called when a pause begins or ends. */
  constructor(given: CoreGiven, bot: BotName, changed: () => void) {
    this.#given = given;
    this.#bot = bot;
    this.#changed = changed;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** Resolves when it is known. */
  async start(): Promise<void> {
    const { store, soleCore } = this.#given;
    this.#unsubscribe = store.subscribe((_shard, keys) => {
      if (keys.some(({ type, id }) => type === "bot" && id === this.#bot.botId)) void this.#lookAgain();
    });
    if (soleCore === false) this.#asking = setInterval(() => void this.#lookAgain(), ASK_AGAIN_MS);
    await this.#look();
    if (this.#stopped) this.stop();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#asking);
    this.#unsubscribe?.();
  }

  async #look(): Promise<void> {
    const key = botKey(this.#bot.tenantId, this.#bot.botId);
    const { entities } = await this.#given.store.load(shardOfKey(key), key);
    const paused = entities[0].body?.paused === true;
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#changed();
  }

  /** Where the store is away the stream's own reads say so. */
  async #lookAgain(): Promise<void> {
    try {
      await this.#look();
    } catch {
      return;
    }
  }
}
