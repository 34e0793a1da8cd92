import { ChannelError, type BotLog, type Timer } from "@countersign/bot-kit";
import { readUpdateId } from "./read-update.ts";
import type { TelegramApi } from "./telegram-api.ts";
import { classifyFailure, type TelegramFailure } from "./telegram-failure.ts";
import { ALLOWED_UPDATES } from "./update-router.ts";

interface PollerGiven {
  readonly api: TelegramApi;
  /** Resolves once Telegram may forget the update, which may be anything at all. Never rejects. */
  readonly handle: (update: unknown) => Promise<void>;
  readonly timer: Timer;
  readonly log: BotLog;
}

const POLL_SECONDS = 25;
const MOST_UPDATES = 100;
const OPEN_PAUSE_MS = 1_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
const HELD_MS = 5_000;
/** Listening is what vetoes depend on: whatever time Telegram names, we ask again after a minute. */
const LONGEST_WAIT_MS = 60_000;
/** Another process polls with our token. Whoever lost a round waits longer each time, so that one of the two can work. */
const FIRST_CONFLICT_MS = 1_000;
const LAST_CONFLICT_MS = 30_000;
const CONFLICT_FORGOTTEN_MS = 120_000;

/**
 * Long polling that loses nothing. Asking for updates from an offset makes Telegram forget all before it, so the offset
 * never passes an update that is not dealt with: after a crash Telegram sends it again, and its event id makes the
 * repetition harmless. One slow update does not hold up the others. telegraf's own loop confirms a batch before its
 * handlers are done, which is why it is not used.
 */
export class Poller {
  readonly #given: PollerGiven;
  /** Updates seen from the offset on. */
  readonly #seen = new Map<number, "open" | "done">();
  #offset = 0;
  /** How many updates we ask for: fewer after an answer we could not read, which may have been too long. */
  #limit = MOST_UPDATES;
  #conflictMs = FIRST_CONFLICT_MS;
  #conflictAt = -Infinity;
  #polling: Promise<void> = Promise.resolve();

  constructor(given: PollerGiven) {
    this.#given = given;
  }

  /** Resolves at the first answer of Telegram; polls until the signal aborts. One run waits for the end of the one before. */
  async start(signal: AbortSignal): Promise<void> {
    const started = Promise.withResolvers<void>();
    this.#polling = this.#polling.then(async () => this.#run(signal, started.resolve));
    await Promise.race([started.promise, this.#polling]);
  }

  /** Resolves when no run is left. */
  async ended(): Promise<void> {
    await this.#polling;
  }

  async #run(signal: AbortSignal, onAnswer: () => void): Promise<void> {
    const { timer, log } = this.#given;
    let retryMs = FIRST_RETRY_MS;
    let waitSeconds = 0;
    while (!signal.aborted) {
      const askedAt = timer.monotonic();
      try {
        await this.#turn(waitSeconds, signal, () => {
          onAnswer();
          retryMs = FIRST_RETRY_MS;
        });
        waitSeconds = this.#hasOpen() ? 0 : POLL_SECONDS;
      } catch (error) {
        if (signal.aborted) break;
        // Telegram held it, and something between us cuts what is idle: that is no outage to back off from.
        if (timer.monotonic() - askedAt >= HELD_MS) retryMs = FIRST_RETRY_MS;
        const failure = classifyFailure(error);
        if (failure.detail === "malformed-answer") this.#limit = Math.max(1, Math.floor(this.#limit / 4));
        const wait = Math.min(Math.max(failure.retryAfterMs ?? this.#conflictWait(failure), retryMs), LONGEST_WAIT_MS);
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
        log.write({ event: "listening-failed", detail: failure.detail, retryInMs: wait });
        // Somebody set a webhook: then Telegram lets nobody poll.
        if (failure.webhookActive) await this.#given.api.call("deleteWebhook", {}, signal).catch(() => undefined);
        await timer.sleep(wait, signal);
      }
    }
    await this.#confirm();
  }

  #conflictWait({ status, webhookActive }: TelegramFailure): number {
    if (status !== 409 || webhookActive) return 0;
    const now = this.#given.timer.monotonic();
    const again = now - this.#conflictAt < CONFLICT_FORGOTTEN_MS;
    this.#conflictMs = again ? Math.min(this.#conflictMs * 2, LAST_CONFLICT_MS) : FIRST_CONFLICT_MS;
    this.#conflictAt = now;
    return this.#conflictMs;
  }

  async #turn(waitSeconds: number, signal: AbortSignal, onAnswer: () => void): Promise<void> {
    const { api, handle, timer } = this.#given;
    const asked = { offset: this.#offset, limit: this.#limit, timeout: waitSeconds };
    const params = { ...asked, allowed_updates: [...ALLOWED_UPDATES] };
    const askedAt = timer.monotonic();
    const updates: unknown = await api.call("getUpdates", params, signal, waitSeconds * 1000 + 8_000);
    if (!Array.isArray(updates)) throw new ChannelError({ fate: "unknown", detail: "malformed-answer" });
    this.#limit = Math.min(this.#limit * 2, MOST_UPDATES);
    onAnswer();
    const handled = updates.map(async (update: unknown) => {
      const id = readUpdateId(update);
      if (id === undefined || this.#seen.has(id)) return;
      this.#seen.set(id, "open");
      await handle(update);
      this.#seen.set(id, "done");
    });
    const offset = this.#offset;
    if (handled.length > 0 || this.#hasOpen()) {
      const over = new AbortController();
      await Promise.race([Promise.all(handled), timer.sleep(OPEN_PAUSE_MS, AbortSignal.any([signal, over.signal]))]);
      over.abort();
    }
    this.#advance();
    // The same list again would come at once, as often as we ask: of updates that still wait, or that are none; and of
    // nothing, from a server that does not wait as it was asked to.
    const hasty = handled.length === 0 && waitSeconds > 0 && timer.monotonic() - askedAt < OPEN_PAUSE_MS / 2;
    const again = this.#offset === offset && (handled.length > 0 || this.#hasOpen());
    if (hasty || again) await timer.sleep(OPEN_PAUSE_MS, signal);
  }

  #hasOpen(): boolean {
    return [...this.#seen.values()].some((state) => state === "open");
  }

  #advance(): void {
    const ids = [...this.#seen.keys()].toSorted((a, b) => a - b);
    const open = ids.find((id) => this.#seen.get(id) === "open");
    const last = ids.at(-1);
    if (last === undefined) return;
    this.#offset = open ?? last + 1;
    for (const id of ids) if (id < this.#offset) this.#seen.delete(id);
  }

  // So that a restarted bot does not answer the last requests again. Failing is harmless.
  async #confirm(): Promise<void> {
    this.#advance();
    const params = { offset: this.#offset, timeout: 0, limit: 1, allowed_updates: [...ALLOWED_UPDATES] };
    if (this.#offset > 0) await this.#given.api.call("getUpdates", params, undefined, 2_000).catch(() => undefined);
  }
}
