import { ApiRefusal, badRequest } from "./api-refusal.ts";
import { Chat } from "./chats.ts";
import { checkParameters, readContent, type Parameters } from "./parameters.ts";
import { UpdateQueue } from "./update-queue.ts";
import { WebhookSender } from "./webhook-sender.ts";

const BOT = { id: 7_000_001, is_bot: true, first_name: "Countersign", username: "countersign_test_bot" } as const;

/** Telegram's side of one bot: chats, updates, and the methods on them. No network. */
export class BotApi {
  readonly queue: UpdateQueue = new UpdateQueue(100_000);
  readonly webhook: WebhookSender = new WebhookSender(this.queue);
  readonly chats: Map<number, Chat> = new Map();
  readonly #watched = new Map<number, Chat>();
  readonly groups: Set<number> = new Set();
  /** Menus by language. */
  readonly menus: Map<string, unknown> = new Map();
  readonly #openQueries = new Map<string, Chat>();
  #nextMessage = 1;
  #nextQuery = 1;

  /** Performs one method. Throws ApiRefusal for everything that Telegram refuses. */
  async perform(method: string, body: unknown, closed: AbortSignal): Promise<unknown> {
    const parameters = checkParameters(method, body);
    switch (method) {
      case "getMe":
        return { ...BOT, can_join_groups: false, can_read_all_group_messages: false, supports_inline_queries: false };
      case "getUpdates":
        this.webhook.refusePolling();
        return this.queue.poll(parameters, closed);
      case "setWebhook":
        return this.webhook.set(parameters);
      case "deleteWebhook":
        return this.webhook.delete(parameters);
      case "getWebhookInfo":
        return this.webhook.info();
      case "setMyCommands":
        this.menus.set((parameters["language_code"] ?? "") as string, parameters["commands"]);
        return true;
      case "sendMessage":
        return this.#send(parameters);
      case "editMessageText":
        return this.#edit(parameters);
      case "deleteMessage":
        return this.#delete(parameters);
      case "answerCallbackQuery":
        return this.#answerQuery(parameters);
      default:
        return this.#leave(parameters);
    }
  }

  /** The person's chat; made when he first opens the bot. */
  open(chatId: number): Chat {
    const chat = this.watch(chatId);
    this.chats.set(chatId, chat);
    return chat;
  }

  /** The phone of a person who may not have opened the bot yet: to the bot the chat does not exist before. */
  watch(chatId: number): Chat {
    const chat = this.#watched.get(chatId) ?? new Chat(chatId);
    this.#watched.set(chatId, chat);
    return chat;
  }

  /** The person writes. */
  say(chatId: number, text: string): void {
    const chat = this.open(chatId);
    chat.blocked = false;
    const message = chat.add(this.#messageId(), "person", { text, entities: [], keyboard: [] }, false);
    const command = /^\/\w+/.exec(text)?.[0];
    const entities =
      command === undefined ? {} : { entities: [{ type: "bot_command", offset: 0, length: command.length }] };
    this.queue.put("message", { ...this.#head(chatId, message.id), text, ...entities });
  }

  /** Brings an update as it is, be it none at all. Without `update_id` it gets the next one. */
  put(update: Readonly<Record<string, unknown>>): void {
    this.queue.putRaw(update);
  }

  /** The person presses a button he sees. */
  press(chatId: number, messageId: number, buttonId: string): void {
    const chat = this.chats.get(chatId);
    if (chat === undefined) throw badRequest("FAKE: this person never opened the bot");
    const data = chat.dataOf(messageId, buttonId);
    const id = String(this.#nextQuery);
    this.#nextQuery += 1;
    this.#openQueries.set(id, chat);
    const message = { ...this.#head(chatId, messageId), from: BOT };
    this.queue.put("callback_query", { id, from: person(chatId), message, chat_instance: String(chatId), data });
  }

  /** The person blocks or unblocks the bot. */
  setBlocked(chatId: number, blocked: boolean): void {
    this.open(chatId).blocked = blocked;
    const [now, before] = blocked ? ["kicked", "member"] : ["member", "kicked"];
    this.queue.put("my_chat_member", {
      chat: { id: chatId, type: "private", first_name: "Test" },
      from: person(chatId),
      date: seconds(),
      old_chat_member: { user: BOT, status: before },
      new_chat_member: { user: BOT, status: now },
    });
  }

  /** Somebody adds the bot to a group and writes there. */
  joinGroup(groupId: number, userId: number, text: string): void {
    this.groups.add(groupId);
    const chat = { id: groupId, type: "group", title: "Group" };
    const from = person(userId);
    this.queue.put("message", { message_id: this.#messageId(), date: seconds(), chat, from, text });
  }

  #head(chatId: number, messageId: number): object {
    const chat = { id: chatId, type: "private", first_name: "Test" };
    return { message_id: messageId, date: seconds(), chat, from: person(chatId) };
  }

  #messageId(): number {
    this.#nextMessage += 1;
    return this.#nextMessage;
  }

  #chat(parameters: Parameters): Chat {
    const chat = this.chats.get(parameters["chat_id"] as number);
    if (chat === undefined) throw badRequest("chat not found");
    if (chat.blocked) throw new ApiRefusal(403, "Forbidden: bot was blocked by the user");
    return chat;
  }

  #send(parameters: Parameters): object {
    const chat = this.#chat(parameters);
    const content = readContent(parameters, "message is too long");
    const message = chat.add(this.#messageId(), "bot", content, parameters["protect_content"] === true);
    return { ...this.#head(chat.id, message.id), from: BOT, text: content.text };
  }

  #edit(parameters: Parameters): object {
    const chat = this.#chat(parameters);
    const content = readContent(parameters, "MESSAGE_TOO_LONG");
    const message = chat.find(parameters["message_id"] as number);
    if (message === undefined) throw badRequest("message to edit not found");
    if (message.from !== "bot") throw badRequest("message can't be edited");
    if (JSON.stringify(message.content) === JSON.stringify(content)) {
      throw badRequest(
        "message is not modified: specified new message content and reply markup are exactly the same as a current " +
          "content and reply markup of the message",
      );
    }
    chat.edit(message, content);
    return { ...this.#head(chat.id, message.id), from: BOT, text: content.text, edit_date: seconds() };
  }

  #delete(parameters: Parameters): true {
    const chat = this.#chat(parameters);
    const message = chat.find(parameters["message_id"] as number);
    if (message === undefined) throw badRequest("message to delete not found");
    message.deleted = true;
    chat.changed();
    return true;
  }

  #answerQuery(parameters: Parameters): true {
    const id = parameters["callback_query_id"] as string;
    const text = (parameters["text"] ?? "") as string;
    const chat = this.#openQueries.get(id);
    if (chat === undefined) throw badRequest("query is too old and response timeout expired or query ID is invalid");
    if (text.length > 200) throw badRequest("MESSAGE_TOO_LONG");
    this.#openQueries.delete(id);
    if (text !== "") chat.popUps.push(text);
    chat.changed();
    return true;
  }

  #leave(parameters: Parameters): true {
    if (!this.groups.delete(parameters["chat_id"] as number)) throw badRequest("chat not found");
    return true;
  }
}

function person(id: number): object {
  return { id, is_bot: false, first_name: "Test", last_name: "Person", language_code: "en" };
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
