import { mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { MatrixPhone, setUpIdentity, type PhoneMessage, type Synapse } from "@countersign/testing/synapse";
import type { Message } from "../person/phone-in-hand.ts";
import type { Shown } from "./chat-service.ts";

interface Given {
  readonly synapse: Synapse;
  /** Id of the bot. */
  readonly bot: string;
  /** Where the phones keep their keys. */
  readonly folder: string;
}

/** A phone with its encrypted room with the bot. */
export interface InUse {
  readonly phone: MatrixPhone;
  readonly room: string;
}

/** How a veto is reacted with, by what the button says on other channels. */
const SIGNS: Readonly<Record<string, string>> = {
  "Not me": "\u26D4",
  "Wrong data": "\u270F\uFE0F",
  "Changed my mind": "\u21A9\uFE0F",
};
const LONGEST_LOOK_MS = 25_000;

/** Phones of matrix-nio, one a chat id, each behind the small REST interface that scripted users read and touch. */
export class MatrixPhones {
  readonly #given: Given;
  readonly #server: Server;
  readonly #phones = new Map<string, Promise<MatrixPhone>>();
  readonly #chats = new Map<string, Promise<InUse>>();

  private constructor(given: Given, server: Server) {
    this.#given = given;
    this.#server = server;
  }

  static async serve(given: Given): Promise<MatrixPhones> {
    // A connection is its client's to close: one that the server closed as idle could have the next press on its way.
    const server = createServer({ keepAliveTimeout: 0 });
    const phones = new MatrixPhones(given, server);
    server.on("request", (request, response) => {
      phones.#answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return phones;
  }

  /** Id of the bot. */
  get bot(): string {
    return this.#given.bot;
  }

  urlOf(chatId: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/phone/${chatId}`;
  }

  /** The phone of a chat id, which need not have met the bot yet. */
  phone(chatId: string): Promise<MatrixPhone> {
    let phone = this.#phones.get(chatId);
    if (phone === undefined) this.#phones.set(chatId, (phone = this.#start(chatId)));
    return phone;
  }

  /** The phone in its encrypted room with the bot, which joins whom it may: while links are made, or once linked. */
  chat(chatId: string): Promise<InUse> {
    let chat = this.#chats.get(chatId);
    if (chat === undefined) this.#chats.set(chatId, (chat = this.#meetBot(chatId)));
    return chat;
  }

  async everShown(chatId: string): Promise<Shown[]> {
    const { phone, room } = await this.chat(chatId);
    await phone.catchUp(room);
    return phone.messages
      .filter(({ sender }) => sender === this.#given.bot)
      .map((message) => ({ messageId: message.event, text: textOf(message) }));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    const phones = await Promise.allSettled(this.#phones.values());
    for (const one of phones) if (one.status === "fulfilled") await one.value.stop();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://phone");
    const [, chatId = "", what = ""] = /^\/phone\/(\d+)\/(messages|send|press)$/.exec(url.pathname) ?? [];
    if (what === "") return void response.writeHead(404).end();
    const { phone, room } = await this.chat(chatId);
    if (what === "messages") {
      const after = url.searchParams.get("after");
      if (after !== null) await changed(phone, Number(after), response);
      return json(response, { version: versionOf(phone), messages: phone.seen(room).map(messageOf) });
    }
    const body = JSON.parse(await text(request)) as Record<string, string>;
    if (what === "send") await phone.say(room, body["text"] ?? "");
    else await phone.react(room, body["messageId"] ?? "", body["buttonId"] ?? "");
    return json(response, {});
  }

  async #meetBot(chatId: string): Promise<InUse> {
    const phone = await this.phone(chatId);
    const { bot } = this.#given;
    const room = await phone.makeRoom([bot]);
    await phone.until(() => phone.members.includes(`${room} ${bot} join`));
    return { phone, room };
  }

  async #start(chatId: string): Promise<MatrixPhone> {
    const { synapse, folder } = this.#given;
    const password = `phone ${chatId}`;
    const userId = await synapse.register(`u${chatId}`, password);
    const at = join(folder, `phone-${chatId}`);
    mkdirSync(at);
    const phone = await MatrixPhone.start({ url: synapse.url, userId, password, folder: at });
    // Phones of libolm have no cross-signing, and the bot gives keys to signed devices alone.
    await setUpIdentity(phone);
    return phone;
  }
}

/** Grows with everything that changes what the person sees. */
function versionOf({ messages, redacted }: MatrixPhone): number {
  return messages.length + redacted.size;
}

/** Returns when there is something new, when it took too long, or when nobody looks any more. */
async function changed(phone: MatrixPhone, after: number, response: ServerResponse): Promise<void> {
  const over = Promise.withResolvers<void>();
  const patience = setTimeout(over.resolve, LONGEST_LOOK_MS);
  response.once("close", over.resolve);
  await Promise.race([phone.until(() => versionOf(phone) > after), over.promise]);
  clearTimeout(patience);
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function messageOf(message: PhoneMessage): Message {
  const buttons = Object.entries(SIGNS).map(([label, id]) => ({ label, id }));
  return { id: message.event, text: textOf(message), buttons: [buttons] };
}

/** What an app shows of the HTML: the text of the frame is ours, values are escaped. */
function textOf({ body, formatted }: PhoneMessage): string {
  if (formatted === "") return body;
  return formatted
    .replaceAll(/<br\s*\/?>/g, "\n")
    .replaceAll(/<\/p>\s*<p[^>]*>/g, "\n\n")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&")
    .trim();
}
