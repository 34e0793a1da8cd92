import { ApiRefusal } from "./api-refusal.ts";

/** Calls a second; undefined: not enforced. */
export interface Limits {
  readonly perBot?: number;
  /** New messages a second to one chat. */
  readonly perChat?: number;
  /** Seconds named in `retry_after`; Telegram often says 35. */
  readonly retryAfter?: number;
}

/** Counts calls in the second before each: the strictest reading of "30 a second". */
export class RateLimit {
  limits: Limits = {};
  readonly #calls = new Map<string, number[]>();

  /** Throws 429 when this call is one too many; a refused call is not counted. */
  check(method: string, chatId: unknown, now: number): void {
    if (method === "getUpdates" || method === "getMe") return;
    const { perBot, perChat } = this.limits;
    const chat = method === "sendMessage" && perChat !== undefined ? `chat ${String(chatId)}` : undefined;
    if (perBot !== undefined && this.#recent("bot", now).length >= perBot) this.#refuse();
    if (chat !== undefined && perChat !== undefined && this.#recent(chat, now).length >= perChat) this.#refuse();
    if (perBot !== undefined) this.#recent("bot", now).push(now);
    if (chat !== undefined) this.#recent(chat, now).push(now);
  }

  #recent(name: string, now: number): number[] {
    const calls = (this.#calls.get(name) ?? []).filter((at) => at > now - 1000);
    this.#calls.set(name, calls);
    return calls;
  }

  #refuse(): never {
    const seconds = this.limits.retryAfter ?? 1;
    throw new ApiRefusal(429, `Too Many Requests: retry after ${seconds}`, seconds);
  }
}
