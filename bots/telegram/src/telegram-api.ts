import type { Secret } from "@countersign/bot-kit";
import type { APIMethodParams, APIMethodReturn, APIMethods, TelegramUser } from "@gramio/types";
import { Telegraf } from "telegraf";
import { classifyFailure } from "./telegram-failure.ts";

/** Longest wait for an answer; telegraf's own is 500 s. */
const CALL_DEADLINE_MS = 8_000;

/**
 * Typed access to the Bot API through telegraf's transport. Parameters and results are those of today's Bot API
 * (`@gramio/types`); telegraf's own types are frozen at 7.1. Every call has a deadline and rejects with TelegramFailure
 * alone.
 */
export class TelegramApi {
  /** For routing updates; its errors and its launcher are not used. */
  readonly bot: Telegraf;

  constructor(token: Secret, apiRoot: string) {
    refuseDebugOutput(process.env["DEBUG"]);
    this.bot = new Telegraf(token.reveal(), {
      handlerTimeout: 5_000,
      telegram: { apiRoot: withSlash(apiRoot), webhookReply: false },
    });
  }

  /** Who we are, by getMe; telegraf would ask again at the first update, without a deadline. */
  introduce(me: TelegramUser): void {
    this.bot.botInfo = me as NonNullable<Telegraf["botInfo"]>;
  }

  /** Calls one method. `signal` ends it early; the fate is unknown then. */
  async call<M extends keyof APIMethods>(
    method: M,
    params: APIMethodParams<M>,
    signal?: AbortSignal,
    deadlineMs: number = CALL_DEADLINE_MS,
  ): Promise<APIMethodReturn<M>> {
    const deadline = AbortSignal.timeout(deadlineMs);
    const ends = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    const callApi = this.bot.telegram.callApi.bind(this.bot.telegram) as unknown as (
      method: M,
      params: unknown,
      options: { signal: AbortSignal },
    ) => Promise<APIMethodReturn<M>>;
    try {
      return await callApi(method, params, { signal: ends });
    } catch (error) {
      throw classifyFailure(error);
    }
  }
}

/** telegraf resolves methods against the root: a path prefix without slash at its end would be lost. */
function withSlash(apiRoot: string): string {
  const url = new URL(apiRoot);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}

/** telegraf's debug output prints whole requests, codes included, to standard error. */
export function refuseDebugOutput(debug: string | undefined): void {
  if (debug !== undefined && /(?:^|[\s,])(?:\*|telegraf)/.test(debug)) {
    throw new Error(`DEBUG=${debug} would print codes: start this bot without DEBUG`);
  }
}
