import { errorName, type BotLog, type FrontDesk } from "@countersign/bot-kit";
import type { Telegraf } from "telegraf";
import { readMembership, readMessage, readPress, readUpdateId, type Happening } from "./read-update.ts";
import type { TelegramApi } from "./telegram-api.ts";

/** Updates that are asked for; everything else Telegram keeps to itself. */
export const ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"] as const;

/**
 * Turns Telegram's updates into calls of the front desk. Handlers run inside telegraf, which waits for them and treats
 * their failure as the end of everything: so they only read what happened.
 */
export class UpdateRouter {
  readonly #api: TelegramApi;
  readonly #log: BotLog;
  readonly #happened = new Map<number, Happening>();
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

  /** Deals with one update, whatever it is; resolves once it may be forgotten by Telegram. Never rejects. */
  async handle(update: unknown): Promise<void> {
    const id = readUpdateId(update);
    if (id === undefined) return;
    try {
      await this.#api.bot.handleUpdate(update as Parameters<Telegraf["handleUpdate"]>[0]);
      const happened = this.#happened.get(id);
      if (happened !== undefined) await this.#tell(id, happened);
    } catch (error) {
      this.#log.write({ event: "update-failed", errorName: errorName(error) });
    } finally {
      this.#happened.delete(id);
    }
  }

  #register(bot: Telegraf): void {
    // Without this, one throwing handler ends the process. The update is given up: it would throw again.
    bot.catch((error) => this.#log.write({ event: "update-failed", errorName: errorName(error) }));
    bot.on("message", (ctx) => this.#happens(ctx.update, readMessage(ctx.update.message)));
    bot.on("callback_query", (ctx) => this.#happens(ctx.update, readPress(ctx.update.callback_query)));
    bot.on("my_chat_member", (ctx) => this.#happens(ctx.update, readMembership(ctx.update.my_chat_member)));
  }

  #happens({ update_id: id }: { readonly update_id: number }, happening: Happening): void {
    this.#happened.set(id, happening);
  }

  // Telegram repeats an update under the same id until it is confirmed; the event id makes the core act once.
  async #tell(id: number, happening: Happening): Promise<void> {
    const desk = this.#desk;
    if (desk === undefined || happening.type === "nothing") return;
    if (happening.type === "elsewhere") {
      await this.#leave(happening.chatId);
      return;
    }
    const { person } = happening;
    const [peerId, { locale }] = [String(person.id), person];
    switch (happening.type) {
      case "said": {
        const eventId = `tg-${id}-${happening.at}`;
        const at = happening.at === 0 ? {} : { at: new Date(happening.at * 1000) };
        const { text } = happening;
        await desk.said({ eventId, peerId, peerName: person.name, privateChat: true, text, locale, ...at });
        return;
      }
      case "pressed": {
        const { queryId, data } = happening;
        const press = { eventId: `tg-${id}-${queryId}`, peerId, buttonId: data, locale };
        await desk.pressed(press, (text) => void this.#popUp(queryId, text));
        return;
      }
      case "gone":
        await desk.gone(`tg-${id}-gone`, peerId);
    }
  }

  async #leave(chatId: number): Promise<void> {
    await this.#api.call("leaveChat", { chat_id: chatId });
    this.#log.write({ event: "group-left" });
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
