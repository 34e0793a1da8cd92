import type { Secret } from "@countersign/bot-kit";
import type { APIMethodParams, APIMethodReturn, APIMethods, TelegramUser } from "@gramio/types";
import { Telegraf } from "telegraf";
import { classifyFailure, classifyRefusal, TelegramFailure } from "./telegram-failure.ts";
import { Transport, type Answer } from "./transport.ts";

/** Longest wait for an answer. */
const CALL_DEADLINE_MS = 8_000;

/**
 * Typed access to the Bot API. Parameters and results are those of today's Bot API (`@gramio/types`); telegraf's own
 * types are frozen at 7.1, and its client follows redirects with the whole request (docs/decisions/0006). Every call
 * has a deadline and rejects with TelegramFailure alone.
 */
export class TelegramApi {
  /** For routing updates; its client, its errors and its launcher are not used. */
  readonly bot: Telegraf;
  readonly #token: Secret;
  readonly #transport: Transport;

  constructor(token: Secret, apiRoot: string) {
    this.#token = token;
    this.#transport = new Transport(apiRoot);
    // No token in it: what it could call by itself is refused by Telegram.
    this.bot = new Telegraf("", { handlerTimeout: 5_000, telegram: { webhookReply: false } });
  }

  /** Who we are, by getMe; telegraf would ask by itself at the first update. */
  introduce(me: TelegramUser): void {
    this.bot.botInfo = me as NonNullable<Telegraf["botInfo"]>;
  }

  /** Calls one method. `signal` ends it early. What the result holds is the other side's to choose, whatever its type says. */
  async call<M extends keyof APIMethods>(
    method: M,
    params: APIMethodParams<M>,
    signal?: AbortSignal,
    deadlineMs: number = CALL_DEADLINE_MS,
  ): Promise<APIMethodReturn<M>> {
    const deadline = AbortSignal.timeout(deadlineMs);
    const ends = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    try {
      const answer = await this.#transport.post(`bot${this.#token.reveal()}/${method}`, params ?? {}, ends);
      return readAnswer(answer) as APIMethodReturn<M>;
    } catch (error) {
      throw classifyFailure(error);
    }
  }

  /** Ends idle connections. */
  close(): void {
    this.#transport.close();
  }
}

function readAnswer({ status, body }: Answer): unknown {
  // Of a server that failed, or that sends us elsewhere, nothing is believed but that.
  if (status >= 500 || (status >= 300 && status < 400)) throw classifyRefusal({ error_code: status });
  const answer = parse(body);
  if (answer?.["ok"] === true && "result" in answer) return answer["result"];
  throw classifyRefusal(answer ?? {});
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    throw new TelegramFailure({ fate: "unknown", detail: "malformed-answer" });
  }
}
