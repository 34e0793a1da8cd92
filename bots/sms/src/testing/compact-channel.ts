import type { FrontDesk, Message, Outgoing, SecondChannel } from "@countersign/bot-kit";

/**
 * A channel that is given the sample prompts of the contract in long words, and passes on what an SMS has room for: the
 * values and the code, byte for byte, and of news what became of the transaction. What is far too long stays so.
 */
export class CompactChannel implements SecondChannel {
  readonly platform = "sms";
  readonly wording = "short";
  readonly endToEndEncrypted = false;
  readonly #channel: SecondChannel;

  constructor(channel: SecondChannel) {
    this.#channel = channel;
  }

  async signIn(signal: AbortSignal): Promise<string> {
    return this.#channel.signIn(signal);
  }

  async listen(desk: FrontDesk, signal: AbortSignal): Promise<void> {
    await this.#channel.listen(desk, signal);
  }

  async deliver(outgoing: Outgoing, signal: AbortSignal): Promise<string> {
    const { message: long, phase } = outgoing;
    const message = phase === "full" ? compact(long) : { ...long, blocks: long.blocks.slice(0, 2) };
    return this.#channel.deliver({ ...outgoing, message }, signal);
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }
}

function compact(message: Message): Message {
  const rows = message.blocks.flat().map((row) => row.filter(({ style }) => style === "value" || style === "code"));
  return { ...message, blocks: [rows.filter(({ length }) => length > 0)] };
}
