import type { CoreGiven } from "../given.ts";

/** A place outside the store that is told of heads. */
export interface HeadPlace {
  /** For the log. */
  readonly name: string;
  /** Brings it up to the newest head, in order. Rejects when it could not, and is called again then. */
  publish(signal: AbortSignal): Promise<void>;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 300_000;

/** Waits; resolves early when the signal aborts. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/** Tells each place by itself, again and again until it has taken them: none of them keeps another, or the core, waiting. */
export class HeadPublishing {
  readonly #log: CoreGiven["log"];
  readonly #places: readonly HeadPlace[];
  readonly #wait: Wait;
  readonly #stopped = new AbortController();
  #wake: () => void = () => undefined;
  #news: Promise<void>;
  #running: Promise<unknown> | undefined;

  constructor({ log }: Pick<CoreGiven, "log">, places: readonly HeadPlace[], wait: Wait = pause) {
    this.#log = log;
    this.#places = places;
    this.#wait = wait;
    this.#news = this.#nextNews();
  }

  start(): void {
    this.#running = Promise.all(this.#places.map((place) => this.#tell(place)));
  }

  /** There is a new head. */
  wake(): void {
    const wake = this.#wake;
    this.#news = this.#nextNews();
    wake();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.wake();
    await this.#running;
  }

  #nextNews(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return promise;
  }

  async #tell(place: HeadPlace): Promise<void> {
    const { signal } = this.#stopped;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const news = this.#news;
      try {
        await place.publish(signal);
        pauseMs = FIRST_PAUSE_MS;
        await news;
      } catch (error) {
        if (signal.aborted) return;
        this.#log.error(
          { place: place.name, error: error instanceof Error ? error : String(error), againInMs: pauseMs },
          "audit heads could not be published; they are kept, and told later",
        );
        await this.#wait(pauseMs, signal);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  timer.unref();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
  clearTimeout(timer);
}
