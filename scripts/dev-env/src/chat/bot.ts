import { join } from "node:path";
import { startChild, type Child } from "@countersign/testing/child";
import type { Between, ChannelName, ChatService } from "./chat-service.ts";
import { startMail } from "./mail-service.ts";
import { startMatrix } from "./matrix-service.ts";
import { startSandbox } from "./sandbox-service.ts";
import { startSms } from "./sms-service.ts";
import { startTelegram } from "./telegram-service.ts";

/** Where a bot finds its core, and the installation's folder. */
export interface BotHome {
  readonly folder: string;
  readonly coreAddress: string;
  readonly between?: Between;
}

const SERVICES: Readonly<Record<ChannelName, (folder: string, between: Between) => Promise<ChatService>>> = {
  telegram: startTelegram,
  sandbox: startSandbox,
  matrix: startMatrix,
  mail: startMail,
  sms: startSms,
};

/** A bot of an installation with its chat service; the bot's process can be killed and started again. */
export class Bot {
  readonly channel: ChannelName;
  readonly service: ChatService;
  readonly #home: BotHome;
  #process: Child;
  /** What earlier processes wrote. */
  #earlier = "";

  private constructor(channel: ChannelName, service: ChatService, home: BotHome, process: Child) {
    this.channel = channel;
    this.service = service;
    this.#home = home;
    this.#process = process;
  }

  static async start(channel: ChannelName, home: BotHome): Promise<Bot> {
    const service = await SERVICES[channel](home.folder, home.between ?? ((port) => Promise.resolve(port)));
    try {
      return new Bot(channel, service, home, await startProcess(channel, service, home));
    } catch (error) {
      await end(service);
      throw error;
    }
  }

  /** The process that runs now. */
  get process(): Child {
    return this.#process;
  }

  /** Everything that its processes have written so far, dead ones too. */
  output(): string {
    return this.#earlier + this.#process.output();
  }

  /** The service's processes and the bot's. */
  get children(): readonly Child[] {
    return [...this.service.children, this.#process];
  }

  phoneOf(chatId: string): string {
    return this.service.phoneOf(chatId, this.#process);
  }

  /** Another process of the same identity: it waits until this one is gone. Resolves when it has taken over. */
  standby(): Promise<Child> {
    return startProcess(this.channel, this.service, this.#home);
  }

  /** Ends the process, by SIGKILL unless told otherwise, and starts it again. */
  async restart(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.#process.stop(signal);
    this.#earlier += this.#process.output();
    this.#process = await startProcess(this.channel, this.service, this.#home);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    await end(this.service);
  }
}

async function end(service: ChatService): Promise<void> {
  await Promise.all(service.children.map((child) => child.stop()));
  await service.close();
}

function startProcess(channel: ChannelName, { bot }: ChatService, { folder, coreAddress }: BotHome): Promise<Child> {
  return startChild(bot.entry, [
    ...["--core", coreAddress, "--plaintext", "--token-file", join(folder, `tokens/${channel}-bot.token`)],
    ...bot.args,
  ]);
}
