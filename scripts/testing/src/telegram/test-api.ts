import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../child.ts";
import { freePort } from "../free-port.ts";
import { startPeer, type PeerProcess } from "./peer-process.ts";

const FOLDER = join(ROOT, ".peers/telegram-test-api");
/** Whether scripts/install-peers has put it there. */
export const testApiPresent: boolean = existsSync(join(FOLDER, "node_modules/telegram-test-api/package.json"));

const SCRIPT = `
const { TelegramServer } = require("telegram-test-api/lib/telegramServer");
const port = Number(process.argv[1]);
const server = new TelegramServer({ port, host: "127.0.0.1" });
server.start().then(() => console.log(JSON.stringify({ ready: true, apiRoot: "http://127.0.0.1:" + port + "/" })));
`;

/** A message of the bot as the server keeps it now. */
export interface KeptMessage {
  readonly id: number;
  readonly text: string;
  /** callback_data of its buttons. */
  readonly buttons: readonly string[];
}

/**
 * npm's telegram-test-api 4.2.1: keeps the chat, brings messages and presses to the bot that polls. It forgives nearly
 * everything: right names of methods and fields are what it can judge.
 */
export class TestApi {
  readonly #process: PeerProcess;
  readonly #token: string;

  private constructor(process: PeerProcess, token: string) {
    this.#process = process;
    this.#token = token;
  }

  static async start(token: string): Promise<TestApi> {
    const port = await freePort();
    return new TestApi(await startPeer(process.execPath, ["--eval", SCRIPT, String(port)], FOLDER), token);
  }

  get apiRoot(): string {
    return this.#process.apiRoot;
  }

  /** The person writes. */
  async say(chatId: number, text: string): Promise<void> {
    await this.#post("sendMessage", { ...this.#from(chatId), text });
  }

  /** The person presses a button of this message. */
  async press(chatId: number, messageId: number, data: string): Promise<void> {
    const { from, chat, botToken, date } = this.#from(chatId);
    await this.#post("sendCallback", { botToken, date, from, message: { message_id: messageId, date, chat }, data });
  }

  /** What the bot's messages say now, oldest first. */
  async messages(): Promise<readonly KeptMessage[]> {
    const kept = (await this.#post("getUpdatesHistory", { token: this.#token })) as {
      readonly messageId: number;
      readonly message: {
        readonly chat_id?: number;
        readonly text: string;
        readonly reply_markup?: { readonly inline_keyboard: readonly (readonly { callback_data: string }[])[] };
      };
    }[];
    return kept
      .filter(({ message }) => message?.chat_id !== undefined)
      .map(({ messageId, message }) => ({
        id: messageId,
        text: message.text,
        buttons: (message.reply_markup?.inline_keyboard ?? []).flat().map((button) => button.callback_data),
      }));
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  #from(chatId: number): { botToken: string; date: number; from: object; chat: object } {
    const date = Math.floor(Date.now() / 1000);
    const person = { id: chatId, first_name: "Ada", language_code: "en" };
    return { botToken: this.#token, date, from: { ...person, is_bot: false }, chat: { ...person, type: "private" } };
  }

  async #post(path: string, body: object): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${this.apiRoot}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`telegram-test-api refused ${path}: ${answer.status}`);
    return ((await answer.json()) as { result: unknown }).result;
  }
}
