import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setUpIdentity } from "@countersign/testing/synapse";
import type { ChatService } from "../chat/chat-service.ts";
import type { InUse, MatrixPhones } from "../chat/matrix-phones.ts";
import { startMatrix } from "../chat/matrix-service.ts";
import type { Installation } from "../installation.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { AdminBotProcess, appoint } from "./admin-bot-process.ts";

/** Chat ids: the administrator, one who is listed with another identity than he has now, and somebody who is not listed. */
export const ANNA = "4242";
export const BOB = "4343";
export const STRANGER = "666";

/** Longest wait for what the bot writes. A test that needs it has failed. */
const PATIENCE_MS = 240_000;

interface Looking {
  readonly wanted: string;
  /** So many messages are from before. */
  readonly after: number;
  /** Before each look. */
  readonly again: () => Promise<void>;
}

/** The administrators' bot of an installation, on a homeserver of its own. */
export class MatrixAdminWorld {
  readonly tokenFile: string;
  readonly bot: AdminBotProcess;
  readonly phones: MatrixPhones;
  /** Matrix id of the bot. */
  readonly botId: string;
  readonly #service: ChatService;

  private constructor(tokenFile: string, config: string, service: ChatService, phones: MatrixPhones) {
    this.tokenFile = tokenFile;
    this.bot = new AdminBotProcess(config);
    this.phones = phones;
    this.botId = phones.bot;
    this.#service = service;
  }

  /** The installation's core is started anew: its operator is written into the store while it is down. */
  static async start(installation: Installation): Promise<MatrixAdminWorld> {
    const folder = join(installation.folder, "admin-bot");
    mkdirSync(join(folder, "tokens"), { recursive: true, mode: 0o700 });
    const tokenFile = await appoint(installation, "operator", join(folder, "operator.token"));
    const service = await startMatrix(folder, (port) => Promise.resolve(port));
    try {
      const { matrix } = service;
      if (matrix === undefined) throw new Error("no phones of Matrix here");
      const [anna, bob] = await Promise.all([matrix.phone(ANNA), matrix.phone(BOB)]);
      const listed = [
        { id: anna.userId, name: "anna", identity: (await setUpIdentity(anna)).masterKey },
        { id: bob.userId, name: "bob", identity: (await setUpIdentity(bob)).masterKey, alerts: false },
      ];
      // As whoever took his account over: the identity that is listed is no more.
      await setUpIdentity(bob);
      const config = join(folder, "config.json");
      writeFileSync(config, JSON.stringify(settingsOf({ installation, folder, tokenFile, service, listed })));
      const world = new MatrixAdminWorld(tokenFile, config, service, matrix);
      await world.bot.start();
      return world;
    } catch (error) {
      await service.close();
      throw error;
    }
  }

  /** Somebody's phone in his own room with the bot; waits for ever where the bot does not come. */
  chat(chatId: string): Promise<InUse> {
    return this.phones.chat(chatId);
  }

  async texts(chatId: string): Promise<readonly string[]> {
    const shown = await this.#service.everShown(chatId);
    return shown.map(({ text }) => text);
  }

  /** Waits until his phone shows a message of the bot with this; resolves with the text. */
  shows(chatId: string, wanted: string): Promise<string> {
    return this.#look(chatId, { wanted, after: 0, again: async () => undefined });
  }

  /** What the bot answers. As a person does, he asks again where the homeserver took too long for the answer. */
  async ask(chatId: string, text: string, wanted: string): Promise<string> {
    const phone = new PhoneInHand(this.phones.urlOf(chatId));
    const { messages } = await phone.look(undefined, AbortSignal.timeout(PATIENCE_MS));
    let lost: number | undefined;
    const again = async (): Promise<void> => {
      const now = this.bot.output().split('"event":"answer-not-sent"').length;
      if (now === lost) return;
      lost = now;
      await phone.send(text);
    };
    return this.#look(chatId, { wanted, after: messages.length, again });
  }

  async #look(chatId: string, { wanted, after, again }: Looking): Promise<string> {
    const phone = new PhoneInHand(this.phones.urlOf(chatId));
    const end = AbortSignal.timeout(PATIENCE_MS);
    for (let version: number | undefined; ;) {
      await again();
      const chat = await phone.look(version, end);
      const found = chat.messages.slice(after).find(({ text }) => text.includes(wanted));
      if (found !== undefined) return found.text;
      version = chat.version;
    }
  }

  /** Waits until the bot's log has this line. */
  async logs(line: string): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; !this.bot.output().includes(line);) {
      if (performance.now() > end) throw new Error(`the bot never wrote ${line}:\n${this.bot.output()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async stop(): Promise<void> {
    await this.bot.stop();
    await this.#service.close();
  }
}

interface SettingsGiven {
  readonly installation: Installation;
  readonly folder: string;
  readonly tokenFile: string;
  readonly service: ChatService;
  readonly listed: readonly object[];
}

/** The file of settings, with what the adapter of users' bots is told by flags. */
function settingsOf({ installation, folder, tokenFile, service, listed }: SettingsGiven): object {
  const { args } = service.bot;
  const flag = (name: string): string => args[args.indexOf(`--${name}`) + 1] ?? "";
  return {
    core: { address: installation.coreAddress, plaintext: true },
    tokenFile,
    platform: "matrix",
    matrix: {
      ...{ homeserver: flag("homeserver"), user: flag("matrix-user"), passwordFile: flag("matrix-password-file") },
      ...{ store: flag("store"), storeKeyFile: flag("store-key-file"), recoveryKeyFile: flag("recovery-key-file") },
    },
    administrators: listed,
    state: join(folder, "state"),
    zone: "UTC",
  };
}
