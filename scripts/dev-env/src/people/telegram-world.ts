/** What happens in Telegram beside a private chat, put into the strict fake of its service. */
export class TelegramWorld {
  readonly #phoneUrl: string;
  #messages = 900_000;

  /** `phoneUrl`: of any phone there. */
  constructor(phoneUrl: string) {
    this.#phoneUrl = phoneUrl;
  }

  /** A message in a group that the bot was brought into. */
  async sayInGroup(chatId: string, text: string): Promise<void> {
    await this.#post("/groups/777/say", { userId: Number(chatId), text });
  }

  /** A message that the person did not write himself. */
  async forward(chatId: string, text: string): Promise<void> {
    const origin = { type: "hidden_user", sender_user_name: "Mallory", date: 1 };
    await this.#message("message", chatId, text, { forward_origin: origin, forward_date: 1 });
  }

  /** A change of an earlier message. */
  async edit(chatId: string, text: string): Promise<void> {
    await this.#message("edited_message", chatId, text, { edit_date: 2 });
  }

  /** A person of this name, who may be anybody. */
  async sayAs(chatId: string, name: string, text: string): Promise<void> {
    await this.#message("message", chatId, text, {}, name);
  }

  async #message(type: string, chatId: string, text: string, more: object, name = "Anna"): Promise<void> {
    const id = Number(chatId);
    const from = { id, is_bot: false, first_name: name, language_code: "en" };
    const message = { message_id: (this.#messages += 1), date: 3, chat: { id, type: "private" }, from, text, ...more };
    await this.#post("/updates", { [type]: message });
  }

  async #post(path: string, body: object): Promise<void> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(new URL(path, this.#phoneUrl), { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  }
}
