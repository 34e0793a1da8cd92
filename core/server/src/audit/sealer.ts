// When a core signs the next head, and who is told of it. docs/protocol/audit.md section 5.
import type { CoreGiven } from "../given.ts";
import { seal } from "./seal.ts";
import { HEAD_SHARD, headCountKey, headOf } from "./stored-heads.ts";

/** When heads are signed without anybody asking for one. */
export interface SealerConfig {
  /** Milliseconds after the last one; 0: never by time. */
  readonly everyMs: number;
  /** Changes of all cores after the last one; 0: never by their number. */
  readonly entries: number;
}

/** Another core may have signed one: the store is asked so often at least. */
const LONGEST_WAIT_MS = 60_000;
/** After a failure; and where the number of changes asks for one, between two of them. */
const AGAIN_MS = 10_000;
/** Where several cores would sign at one moment, each waits a while of its own; who then finds one signs none. */
const SPREAD_MS = 3000;

/** Signs by time and by number, on whichever core comes first. Nothing waits for it but the end of the core. */
export class Sealer {
  readonly #given: CoreGiven;
  readonly #config: SealerConfig;
  readonly #onHead: () => void;
  /** A number from 0 to 1. */
  readonly #draw: () => number;
  #changes = 0;
  #lastAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;
  #unsubscribe: (() => void) | undefined;

  constructor(given: CoreGiven, config: SealerConfig, onHead: () => void, draw: () => number = Math.random) {
    this.#given = given;
    this.#config = config;
    this.#onHead = onHead;
    this.#draw = draw;
  }

  start(): void {
    this.#lastAt = this.#given.store.now();
    this.#unsubscribe = this.#given.store.subscribe((_shard, keys) => {
      if (keys.some(({ type }) => type === "audit-head")) {
        this.#changes = 0;
        this.#lastAt = this.#given.store.now();
        this.#onHead();
      } else this.#count();
    });
    this.#arm();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe?.();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Looks whether one is due, and signs it then. */
  look(): Promise<void> {
    this.#running = this.#running.then(() => this.#look());
    return this.#running;
  }

  #count(): void {
    this.#changes += 1;
    if (this.#changes === this.#config.entries) this.#arm();
  }

  #arm(failed: boolean = false): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const wait = failed ? AGAIN_MS : this.#wait();
    this.#timer = setTimeout(() => void this.look(), wait);
    this.#timer.unref();
  }

  #wait(): number {
    const { everyMs } = this.#config;
    const since = this.#given.store.now() - this.#lastAt;
    const byTime = everyMs === 0 ? LONGEST_WAIT_MS : everyMs - since;
    const byNumber = this.#isManyChanges ? Math.min(AGAIN_MS, everyMs || AGAIN_MS) - since : LONGEST_WAIT_MS;
    const spread = this.#given.soleCore === false ? this.#draw() * SPREAD_MS : 0;
    return Math.min(Math.max(Math.min(byTime, byNumber), 0) + spread, LONGEST_WAIT_MS);
  }

  get #isManyChanges(): boolean {
    return this.#config.entries > 0 && this.#changes >= this.#config.entries;
  }

  async #look(): Promise<void> {
    let failed = false;
    try {
      const { entities } = await this.#given.store.load(HEAD_SHARD, headCountKey);
      const newest = await headOf(this.#given, entities[0].body?.number ?? 0);
      this.#lastAt = Math.max(this.#lastAt, newest?.at ?? 0);
      if (this.#isDue && !this.#isStopped) {
        const { number } = await seal(this.#given);
        this.#changes = 0;
        this.#lastAt = this.#given.store.now();
        this.#given.log.debug({ number }, "audit head signed");
      }
    } catch (error) {
      failed = true;
      this.#given.log.error(
        { error: error instanceof Error ? error : String(error) },
        "no audit head could be signed; it is tried again",
      );
    }
    this.#arm(failed);
  }

  get #isDue(): boolean {
    const { everyMs } = this.#config;
    const isTime = everyMs > 0 && this.#given.store.now() - this.#lastAt >= everyMs;
    return isTime || this.#isManyChanges;
  }
}
