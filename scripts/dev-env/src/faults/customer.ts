import { DeliveryState } from "@countersign/proto/node/core/v1/code_service";
import type { State } from "@countersign/proto/node/core/v1/content";
import { LinkState } from "@countersign/proto/node/core/v1/link_service";
import type { Transaction, TransactionServiceCreateRequest } from "@countersign/proto/node/core/v1/transaction_service";
import type { ChannelName, Shown } from "../chat/chat-service.ts";
import type { Desk } from "../desk.ts";
import type { Installation } from "../installation.ts";
import { Timeline } from "../kill/timeline.ts";
import { newPayment } from "../new-payment.ts";
import { last, type Parts } from "../parts.ts";
import { readMessage } from "../person/read-message.ts";
import { Hands } from "../scenarios/hands.ts";

/** The answer to /pending. */
const NOTHING_WAITS = "Nothing waits for you.";

/** What malware makes of the content on its way to the key. */
type Change = (content: Uint8Array) => Uint8Array;
const unchanged: Change = (content) => content;

/** Where a customer is one. */
interface World {
  readonly installation: Installation;
  readonly parts: Parts;
}

/** A payment that waits for its code, and what becomes of its messages. */
export interface Waiting {
  readonly transaction: Transaction;
  readonly timeline: Timeline;
}

/** A user of that world, with one chat on each of his channels. */
export class Customer {
  readonly desk: Desk;
  readonly chatId: string;
  readonly channels: readonly ChannelName[];
  readonly #world: World;
  readonly #linked = new Map<ChannelName, number>();

  constructor(world: World, desk: Desk, chatId: string, channels: readonly ChannelName[]) {
    this.#world = world;
    this.desk = desk;
    this.chatId = chatId;
    this.channels = channels;
  }

  /** Of his phone. */
  get smsNumber(): string {
    return (
      decodeURIComponent(new URL(this.#world.installation.phoneOf(this.chatId, "sms")).pathname).split("/")[2] ?? ""
    );
  }

  /** At the key, with the phone open at this channel. */
  hands(channel: ChannelName): Hands {
    return new Hands({ ...this.desk, phoneUrl: this.#world.installation.phoneOf(this.chatId, channel) });
  }

  /** A payment is created; its code is on its way. */
  async pay(more: Partial<TransactionServiceCreateRequest> = {}): Promise<Waiting> {
    const transaction = await newPayment(this.#world.parts, this.desk.userId, more);
    return { transaction, timeline: this.follow(transaction.transactionId) };
  }

  /** What becomes of the messages about a transaction of his that somebody else created. */
  follow(transactionId: string): Timeline {
    return new Timeline(this.#world.parts, transactionId);
  }

  /**
   * Signs with the key, reading the code from the chat of this channel, whatever the key shows: `change` is what malware
   * makes of the content on its way there. Resolves with the state that the core answers.
   */
  async confirm(waiting: Waiting, channel: ChannelName, change: Change = unchanged): Promise<State | undefined> {
    const signing = this.sign(waiting, change);
    const hands = this.hands(channel);
    // Whoever takes the code from the only message that asks does not see that its tag is another.
    await hands.readAndProve();
    const asking = await hands.phoneSays("Code");
    await hands.key.type(codeIn(asking.text) ?? "");
    return this.submit(waiting, await signing);
  }

  /** Asks the key to sign. Resolves with the statement once somebody has read, proved himself and typed a code there. */
  async sign({ transaction }: Waiting, change: Change = unchanged): Promise<Buffer> {
    const { parts } = this.#world;
    const request = parts.toSign(transaction);
    const { event } = await last(parts.device.sign({ ...request, content: Buffer.from(change(request.content)) }));
    if (event?.$case !== "signed") throw new Error("the key did not sign");
    return event.value.signedStatement;
  }

  /** Hands in a statement. Resolves with the state that the core answers. */
  async submit({ transaction: { transactionId } }: Waiting, signedStatement: Buffer): Promise<State | undefined> {
    const { transaction } = await this.#world.parts.verification.submitStatement({ transactionId, signedStatement });
    return transaction?.state;
  }

  /** Resolves when the transaction is in this state. */
  async reaches({ transaction: { transactionId } }: Waiting, state: State): Promise<void> {
    for await (const { transaction } of this.#world.parts.transactions.watch({ transactionId, cursor: "" }))
      if (transaction?.state === state) return;
    throw new Error(`it ended otherwise than in state ${state}`);
  }

  /** The payment is withdrawn; resolves once every message about it was dealt with. */
  async cancel({ transaction: { transactionId }, timeline }: Waiting): Promise<void> {
    await this.#world.parts.transactions.cancel({ transactionId, reason: "changed" });
    await timeline.ended;
  }

  /** He asks the bot something there and reads the answer: what the bot had to say before has been said. */
  async answered(channel: ChannelName): Promise<void> {
    const hands = this.hands(channel);
    const heard = await hands.count(NOTHING_WAITS);
    await hands.phone.send("/pending");
    await hands.phoneSays(NOTHING_WAITS, heard + 1);
  }

  /** How each of his channels stands: `telegram DEAD`. */
  async links(): Promise<string[]> {
    const { channels } = await this.#world.parts.links.list({ userId: this.desk.userId });
    return channels.map(({ platform, state }) => `${platform} ${nameOf(LinkState, state)}`);
  }

  /** How each attempt stands: `telegram FAILED CHANNEL_DOWN`. */
  async attempts({ transaction: { transactionId } }: Waiting): Promise<string[]> {
    const { attempts } = await this.#world.parts.codes.getDelivery({ transactionId });
    return attempts.map(({ platform, state, reason }) =>
      [platform, nameOf(DeliveryState, state), reason].filter((word) => word !== "").join(" "),
    );
  }

  /** The code of every message of this channel that ever showed one since he linked it, once a message and code. */
  async codesOn(channel: ChannelName): Promise<string[]> {
    const seen = new Map<string, string>();
    for (const { messageId, text } of await this.shownOn(channel)) {
      const code = codeIn(text);
      if (code !== undefined) seen.set(`${messageId} ${code}`, code);
    }
    return [...seen.values()];
  }

  /** Codes in the mails to him that the mail server read to their end and did not put into his mailbox. */
  async codesOfLostMails(): Promise<Set<string>> {
    const kept = new Set((await this.#shown("mail")).map(({ text }) => codeIn(text)));
    const { contents } = (await (
      await fetch(`${new URL(this.#world.installation.phoneOf(this.chatId, "mail")).origin}/history`)
    ).json()) as { readonly contents: readonly string[] };
    const his = contents.filter((mail) => mail.includes(`u${this.chatId}@`)).map((mail) => codeIn(mail));
    return new Set(his.filter((code) => code !== undefined && !kept.has(code)) as string[]);
  }

  /** Every text that this channel ever showed since he linked it. */
  async shownOn(channel: ChannelName): Promise<readonly Shown[]> {
    return (await this.#shown(channel)).slice(this.#linked.get(channel) ?? 0);
  }

  /** Resolves once every channel was told how its linking ended, and of each one that was linked after it. */
  async linked(): Promise<void> {
    for (const [i, channel] of this.channels.entries()) {
      await this.hands(channel).phoneSays("Executed");
      const later = this.channels.length - 1 - i;
      if (later > 0) await this.hands(channel).phoneSays("A chat was linked", later);
    }
  }

  /** What the chat of this channel was ever shown up to now does not count: it is about the channels themselves. */
  async forget(): Promise<this> {
    for (const channel of this.channels) this.#linked.set(channel, (await this.#shown(channel)).length);
    return this;
  }

  #shown(channel: ChannelName): Promise<readonly Shown[]> {
    return this.#world.installation.bot(channel).service.everShown(this.chatId);
  }
}

function codeIn(text: string): string | undefined {
  return readMessage({ id: "", text: text.replaceAll("\r\n", "\n"), buttons: [] })?.code;
}

function nameOf(names: Readonly<Record<string, unknown>>, value: number): string {
  return Object.entries(names).find(([, one]) => one === value)?.[0] ?? String(value);
}
