import type { BotLog, FrontDesk } from "@countersign/bot-kit";
import { errorName } from "@countersign/bot-kit";
import type { TelegramUpdate } from "@gramio/types";
import type { Context, Telegraf } from "telegraf";
import type { TelegramApi } from "./telegram-api.ts";

/** Updates that are asked for; everything else Telegram keeps to itself. */
export const ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"] as const;

type Task = () => Promise<void>;

/**
 * Turns Telegram's updates into calls of the front desk. Handlers run inside telegraf, which waits for them and treats
 * their failure as the end of everything: so they only decide what is to be done, and put it into a list.
 */
export class UpdateRouter {
  readonly #api: TelegramApi;
  readonly #log: BotLog;
  readonly #tasks = new Map<number, Task>();
  #desk: FrontDesk | undefined;

  constructor(api: TelegramApi, log: BotLog) {
    this.#api = api;
    this.#log = log;
    this.#register(api.bot);
  }

  /** Where what people do is handed in from now on. */
  serve(desk: FrontDesk): void {
    this.#desk = desk;
  }

  /** Deals with one update; resolves once it may be forgotten by Telegram. Never rejects. */
  async handle(update: TelegramUpdate): Promise<void> {
    try {
      await this.#api.bot.handleUpdate(update as Parameters<Telegraf["handleUpdate"]>[0]);
      const task = this.#tasks.get(update.update_id);
      this.#tasks.delete(update.update_id);
      await task?.();
    } catch (error) {
      this.#log.write({ event: "update-failed", errorName: errorName(error) });
    }
  }

  #register(bot: Telegraf): void {
    // Without this, one throwing handler ends the process. The update is given up: it would throw again.
    bot.catch((error) => this.#log.write({ event: "update-failed", errorName: errorName(error) }));
    bot.use(async (ctx, next) => {
      if (ctx.chat === undefined || isOwnChat(ctx)) await next();
      else if (ctx.chat.type !== "private") this.#leave(ctx, ctx.chat.id);
    });
    bot.start((ctx) => this.#said(ctx, `/start ${ctx.payload}`));
    bot.on("message", (ctx) => {
      if ("text" in ctx.message) this.#said(ctx, ctx.message.text);
    });
    bot.on("callback_query", (ctx) => this.#pressed(ctx));
    bot.on("my_chat_member", (ctx) => {
      const { status } = ctx.myChatMember.new_chat_member;
      if (status === "kicked" || status === "left") this.#gone(ctx);
    });
  }

  #put(ctx: Context, task: Task): void {
    this.#tasks.set(ctx.update.update_id, task);
  }

  #said(ctx: Context, text: string): void {
    const { from, desk } = { from: ctx.from, desk: this.#desk };
    if (from === undefined || from.is_bot || desk === undefined) return;
    const said = {
      // Telegram repeats an update under the same id until it is confirmed: the core acts once.
      eventId: `tg-${ctx.update.update_id}-${ctx.message?.date ?? 0}`,
      peerId: String(from.id),
      peerName: [from.first_name, from.last_name ?? ""].join(" ").trim(),
      privateChat: true,
      text,
      locale: from.language_code ?? "",
    };
    this.#put(ctx, async () => desk.said(said));
  }

  #pressed(ctx: Context): void {
    const { from, desk, query } = { from: ctx.from, desk: this.#desk, query: ctx.callbackQuery };
    if (from === undefined || desk === undefined || query === undefined || !("data" in query)) return;
    const press = {
      eventId: `tg-${ctx.update.update_id}-${query.id}`,
      peerId: String(from.id),
      buttonId: query.data,
      locale: from.language_code ?? "",
    };
    this.#put(ctx, async () => desk.pressed(press, (text) => void this.#popUp(query.id, text)));
  }

  #gone(ctx: Context): void {
    const { from, desk } = { from: ctx.from, desk: this.#desk };
    if (from === undefined || desk === undefined) return;
    this.#put(ctx, async () => desk.gone(`tg-${ctx.update.update_id}-gone`, String(from.id)));
  }

  #leave(ctx: Context, chatId: number): void {
    const member = ctx.myChatMember?.new_chat_member.status;
    if (member === "left" || member === "kicked") return;
    this.#put(ctx, async () => {
      await this.#api.call("leaveChat", { chat_id: chatId });
      this.#log.write({ event: "group-left" });
    });
  }

  // The pop-up is a courtesy: the veto holds without it, and a press older than a quarter of a minute takes none.
  async #popUp(callbackQueryId: string, text: string): Promise<void> {
    try {
      await this.#api.call("answerCallbackQuery", { callback_query_id: callbackQueryId, text, show_alert: true });
    } catch (error) {
      this.#log.write({ event: "update-failed", errorName: errorName(error) });
    }
  }
}

/** A one-to-one chat, whose id is the person's own. */
function isOwnChat(ctx: Context): boolean {
  return ctx.chat?.type === "private" && ctx.chat.id === ctx.from?.id;
}
