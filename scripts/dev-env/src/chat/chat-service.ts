import type { Child } from "@countersign/testing/child";
import type { MatrixPhones } from "./matrix-phones.ts";

/** Where the codes of an installation go: a chat service, or mail, or SMS. */
export type ChannelName = "telegram" | "matrix" | "mail" | "sms" | "sandbox";

/** What stands ready for a bot of ours, and for the people on the other side. */
export interface ChatService {
  /** Processes of the service; empty where the bot is the phone. */
  readonly children: readonly Child[];
  /** The bot's program, and its flags beside those of the core. */
  readonly bot: { readonly entry: string; readonly args: readonly string[] };
  /** Address of the phone that a chat id sees; the bot is the one that runs. */
  phoneOf(chatId: string, bot: Child): string;
  /** Where a chat id is reached, on channels that nobody can write a token to; undefined: he sends the token himself. */
  addressOf(chatId: string): Promise<string | undefined>;
  /** Ends what is no process of `children`. */
  close(): Promise<void>;
  /** Every text that any message of the chat showed at any time, with the id of its message. */
  everShown(chatId: string): Promise<readonly Shown[]>;
  /** Of Matrix: the phones themselves, which can do more than a chat. */
  readonly matrix?: MatrixPhones;
}

/** One text of one message; an edited message has several. */
export interface Shown {
  readonly messageId: string;
  readonly text: string;
}

/** Puts something between a bot and its provider: from the provider's port to the port that the bot of the channel is given. */
export type Between = (providerPort: number, channel: ChannelName) => Promise<number>;
