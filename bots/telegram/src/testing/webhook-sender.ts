import { request } from "node:http";
import { ApiRefusal, badRequest } from "./api-refusal.ts";
import type { Update, UpdateQueue } from "./update-queue.ts";

interface Registered {
  readonly url: string;
  readonly secret: string | undefined;
  readonly maxConnections: number;
}

/** One try to bring an update: the HTTP status, 0 without an answer. */
export interface Attempt {
  readonly updateId: number;
  readonly status: number;
}

const ACTIVE =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

/** Telegram's side of a webhook: brings updates, several at a time, and repeats each until it is answered 2xx. */
export class WebhookSender {
  readonly attempts: Attempt[] = [];
  /** Every setWebhook, for assertions. */
  readonly registrations: Readonly<Record<string, unknown>>[] = [];
  /** Before an update is brought again. Telegram's own grows to minutes. */
  retryMs = 50;
  /** How long the bot may take to answer. */
  patienceMs = 60_000;
  readonly #queue: UpdateQueue;
  readonly #onTheWay = new Set<Update>();
  #registered: Registered | undefined;
  #stopped = new AbortController();
  #watchers: (() => void)[] = [];

  constructor(queue: UpdateQueue) {
    this.#queue = queue;
    queue.onChange = () => this.#pump();
  }

  /** Where updates go; undefined: nowhere. */
  get url(): string | undefined {
    return this.#registered?.url;
  }

  set(parameters: Readonly<Record<string, unknown>>): true {
    const url = parameters["url"] as string;
    const secret = parameters["secret_token"] as string | undefined;
    const maxConnections = (parameters["max_connections"] ?? 40) as number;
    if (url === "") return this.delete(parameters);
    if (!/^(?:https:\/\/|http:\/\/127\.0\.0\.1:)/.test(url))
      throw badRequest("bad webhook: An HTTPS URL must be provided");
    if (secret !== undefined && !/^[A-Za-z0-9_-]{1,256}$/.test(secret)) {
      throw badRequest("secret token contains unallowed characters");
    }
    if (maxConnections < 1 || maxConnections > 100) throw badRequest("FAKE: max_connections is out of range");
    this.registrations.push(parameters);
    this.#queue.allowed = (parameters["allowed_updates"] ?? this.#queue.allowed) as readonly string[];
    if (parameters["drop_pending_updates"] === true) this.#queue.drop();
    this.#registered = { url, secret, maxConnections };
    this.#queue.endPoll("Conflict: terminated by setWebhook request");
    this.#pump();
    return true;
  }

  delete(parameters: Readonly<Record<string, unknown>>): true {
    this.#registered = undefined;
    if (parameters["drop_pending_updates"] === true) this.#queue.drop();
    return true;
  }

  info(): object {
    const { url = "", maxConnections } = this.#registered ?? {};
    const pending = { url, has_custom_certificate: false, pending_update_count: this.#queue.waiting.length };
    return { ...pending, max_connections: maxConnections, allowed_updates: this.#queue.allowed };
  }

  /** Throws 409 while a webhook is set. */
  refusePolling(): void {
    if (this.#registered !== undefined) throw new ApiRefusal(409, ACTIVE);
  }

  /** Resolves when `holds` does; looks again after every attempt. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  stop(): void {
    this.#registered = undefined;
    this.#stopped.abort();
  }

  #pump(): void {
    const registered = this.#registered;
    if (registered === undefined) return;
    for (const update of this.#queue.waiting) {
      if (this.#onTheWay.size >= registered.maxConnections) return;
      if (this.#onTheWay.has(update)) continue;
      this.#onTheWay.add(update);
      void this.#bring(update, registered);
    }
  }

  async #bring(update: Update, { url, secret }: Registered): Promise<void> {
    const status = await this.#post(update, url, secret);
    this.attempts.push({ updateId: update.update_id, status });
    for (const watcher of this.#watchers.splice(0)) watcher();
    if (status >= 200 && status < 300) {
      this.#queue.confirm(update);
      this.#onTheWay.delete(update);
      this.#pump();
      return;
    }
    setTimeout(() => {
      this.#onTheWay.delete(update);
      this.#pump();
    }, this.retryMs).unref();
  }

  async #post(update: Update, url: string, secret: string | undefined): Promise<number> {
    const named = secret === undefined ? {} : { "x-telegram-bot-api-secret-token": secret };
    const headers = { "content-type": "application/json", ...named };
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(this.patienceMs)]);
    return new Promise((resolve) => {
      const sent = request(url, { method: "POST", headers, signal, agent: false }, (answer) => {
        answer.on("error", () => resolve(0)).on("end", () => resolve(answer.statusCode ?? 0));
        answer.resume();
      });
      sent.on("error", () => resolve(0)).end(JSON.stringify(update));
    });
  }
}
