import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startChild, type Child } from "@countersign/testing/child";
import type { Installation } from "../installation.ts";
import { AdminBotProcess, appoint } from "./admin-bot-process.ts";

/** The administrator of the tests, and somebody who is none. */
export const ANNA = 4242;
export const STRANGER = 666;

const TELEGRAM_TOKEN = "99:administrators-bot-of-a-test";

/** Messages of the bot, as the fake's phone shows them. */
interface Shown {
  readonly version: number;
  readonly messages: readonly { readonly text: string }[];
}

/** The administrators' bot of an installation, with a chat service of its own. */
export class AdminBotWorld {
  readonly folder: string;
  readonly tokenFile: string;
  readonly #service: Child;
  readonly #config: string;
  /** Its process. */
  readonly bot: AdminBotProcess;

  private constructor(folder: string, tokenFile: string, service: Child, config: string) {
    this.folder = folder;
    this.tokenFile = tokenFile;
    this.#service = service;
    this.#config = config;
    this.bot = new AdminBotProcess(config);
  }

  /** The installation's core is started anew: its operator is written into the store while it is down. */
  static async start(installation: Installation): Promise<AdminBotWorld> {
    const folder = join(installation.folder, "admin-bot");
    mkdirSync(folder, { mode: 0o700 });
    const tokenFile = await appoint(installation, "operator", join(folder, "operator.token"));
    const telegramFile = join(folder, "telegram.token");
    writeFileSync(telegramFile, TELEGRAM_TOKEN, { mode: 0o600 });
    const service = await startChild("bots/telegram/src/testing/fake-bot-api-main.ts", [
      ...["--listen", "127.0.0.1:0", "--telegram-token-file", telegramFile],
    ]);
    const config = join(folder, "config.json");
    const settings = {
      core: { address: installation.coreAddress, plaintext: true },
      tokenFile,
      platform: "telegram",
      telegram: { tokenFile: telegramFile, apiRoot: String(service.ready["apiRoot"]) },
      administrators: [{ id: String(ANNA), name: "anna" }],
      state: join(folder, "state"),
      zone: "UTC",
    };
    writeFileSync(config, JSON.stringify(settings));
    const world = new AdminBotWorld(folder, tokenFile, service, config);
    try {
      // Whoever is to be told something has opened the chat once.
      await world.says(ANNA, "/help");
      await world.bot.start();
      await world.shows(ANNA, "I can approve and undo nothing");
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  /** With other settings: resolves with the process, rejects when it ends before it is ready. */
  startWith(change: object, name: string): Promise<Child> {
    const path = join(this.folder, `${name}.json`);
    const settings = JSON.parse(readFileSync(this.#config, "utf8")) as object;
    writeFileSync(path, JSON.stringify({ ...settings, ...change }));
    return AdminBotProcess.startWith(path);
  }

  async says(chat: number, text: string): Promise<void> {
    const response = await fetch(`${this.#phone(chat)}/send`, { method: "POST", body: JSON.stringify({ text }) });
    if (!response.ok) throw new Error(`the fake refused: ${await response.text()}`);
  }

  /** Texts of the bot in a chat so far. */
  async texts(chat: number): Promise<readonly string[]> {
    return botTexts((await (await fetch(`${this.#phone(chat)}/messages`)).json()) as Shown);
  }

  /** Waits until a text of the bot holds this, among those after the first `after`; resolves with the text. */
  async shows(chat: number, wanted: string, after = 0): Promise<string> {
    let version = 0;
    for (const end = AbortSignal.timeout(240_000); ;) {
      const seen = await fetch(`${this.#phone(chat)}/messages?after=${version}`, { signal: end });
      const shown = (await seen.json()) as Shown;
      const found = botTexts(shown)
        .slice(after)
        .find((text) => text.includes(wanted));
      if (found !== undefined) return found;
      version = shown.version;
    }
  }

  /** What the bot answers. */
  async ask(text: string, wanted: string): Promise<string> {
    const before = (await this.texts(ANNA)).length;
    await this.says(ANNA, text);
    return this.shows(ANNA, wanted, before);
  }

  /** Every request that the bot sent to the chat service. */
  async everySent(): Promise<string> {
    return (await fetch(new URL("history", String(this.#service.ready["apiRoot"])))).text();
  }

  async stop(): Promise<void> {
    await this.bot.stop();
    await this.#service.stop();
  }

  #phone(chat: number): string {
    return `${String(this.#service.ready["apiRoot"])}phone/${chat}`;
  }
}

function botTexts({ messages }: Shown): readonly string[] {
  return messages.map(({ text }) => text);
}
