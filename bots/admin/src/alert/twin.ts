import type { BotLog, LogEvent, Timer } from "@countersign/bot-kit";

const WITHIN_MS = 300_000;
/** A restart makes one or two: the provider still holds the last request of the process before. */
const LEAST = 3;

/** Hears from the adapter that somebody else listens with its token: a second process, or a thief. */
export class TwinWatch implements BotLog {
  readonly #log: BotLog;
  readonly #timer: Timer;
  #conflicts: readonly number[] = [];
  /** Called at each conflict beyond the first few. */
  onTwin: () => void = () => undefined;

  constructor(log: BotLog, timer: Timer) {
    this.#log = log;
    this.#timer = timer;
  }

  write(event: LogEvent): void {
    this.#log.write(event);
    if (event.event !== "listening-failed" || event.detail !== "http-409") return;
    const now = this.#timer.monotonic();
    this.#conflicts = [...this.#conflicts, now].filter((at) => now - at <= WITHIN_MS).slice(-LEAST);
    if (this.#conflicts.length >= LEAST) this.onTwin();
  }
}
