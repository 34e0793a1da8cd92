import type { BotLog, Timer } from "@countersign/bot-kit";
import type { TelegramApi } from "./telegram-api.ts";
import { classifyFailure } from "./telegram-failure.ts";
import { ALLOWED_UPDATES } from "./update-router.ts";
import { WebhookServer } from "./webhook-server.ts";
import type { WebhookSettings } from "./webhook-settings.ts";

interface WebhookGiven {
  readonly settings: WebhookSettings;
  readonly api: TelegramApi;
  /** Resolves once Telegram may forget the update. Never rejects. */
  readonly handle: (update: unknown) => Promise<void>;
  readonly timer: Timer;
  readonly log: BotLog;
}

/** How often we look whether Telegram still brings updates to us. */
const LOOK_MS = 60_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
const MAX_CONNECTIONS = 40;

/**
 * Listening by webhook, for as long as this process holds the lease. Registers after it listens, so that no update meets
 * a closed door, and again when somebody else took the webhook away: one bot has one webhook, and the core says whose.
 */
export class Webhook {
  readonly #given: WebhookGiven;
  readonly #server: WebhookServer;
  #running: Promise<void> = Promise.resolve();
  #suspicious = false;

  constructor(given: WebhookGiven) {
    const { settings, handle, timer } = given;
    this.#given = given;
    const onWrongSecret = (): void => void (this.#suspicious = true);
    this.#server = new WebhookServer({ settings, handle, timer, onWrongSecret });
  }

  /** Resolves once registered, or at the end; listens until the signal aborts. One run waits for the end of the one before. */
  async start(signal: AbortSignal): Promise<void> {
    const started = Promise.withResolvers<void>();
    this.#running = this.#running.then(async () => this.#run(signal, started.resolve));
    await Promise.race([started.promise, this.#running]);
  }

  /** Resolves when no run is left. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #run(signal: AbortSignal, onRegistered: () => void): Promise<void> {
    await this.#persist(signal, async () => void (await this.#server.open()));
    await this.#persist(signal, async () => this.#register(signal));
    if (!signal.aborted) onRegistered();
    while (!signal.aborted) {
      await this.#given.timer.sleep(LOOK_MS, signal);
      if (!signal.aborted) await this.#persist(signal, async () => this.#look(signal));
    }
    // The webhook stays with Telegram: updates wait there for the next holder, who registers his own.
    await this.#server.close();
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { api, settings } = this.#given;
    const { href: url } = settings.url;
    const allowed = [...ALLOWED_UPDATES];
    const secret = settings.secret.reveal();
    const params = { url, secret_token: secret, allowed_updates: allowed, max_connections: MAX_CONNECTIONS };
    await api.call("setWebhook", params, signal);
    this.#suspicious = false;
  }

  // Of a webhook of ours under another secret Telegram tells nothing; but then it calls us with the wrong one.
  async #look(signal: AbortSignal): Promise<void> {
    const { api, log, settings } = this.#given;
    const info: unknown = await api.call("getWebhookInfo", {} as never, signal);
    const fields = typeof info === "object" && info !== null ? (info as Readonly<Record<string, unknown>>) : {};
    const allowed = fields["allowed_updates"];
    const ours =
      fields["url"] === settings.url.href &&
      Array.isArray(allowed) &&
      ALLOWED_UPDATES.every((kind) => allowed.includes(kind));
    if (ours && !this.#suspicious) return;
    log.write({ event: "listening-failed", detail: "gone", retryInMs: 0 });
    await this.#register(signal);
  }

  /** Repeats until it succeeds or the signal aborts. */
  async #persist(signal: AbortSignal, attempt: () => Promise<void>): Promise<void> {
    const { timer, log } = this.#given;
    for (let retryMs = FIRST_RETRY_MS; !signal.aborted; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (signal.aborted) return;
        const { detail, retryAfterMs = 0 } = classifyFailure(error);
        const wait = Math.min(Math.max(retryMs, retryAfterMs), LOOK_MS);
        log.write({ event: "listening-failed", detail, retryInMs: wait });
        await timer.sleep(wait, signal);
      }
    }
  }
}
