import { ChannelError } from "../channel-error.ts";
import { revealText } from "../message/message.ts";
import type { Style } from "../wording/words.ts";
import type { FrontDesk, Outgoing, Platform, SecondChannel } from "../second-channel.ts";

/** What the provider of the fake shows: chat, id, text. */
export interface Shown {
  readonly peerId: string;
  readonly id: string;
  readonly text: string;
}

/** A channel without provider: keeps what would be shown, in order, and does what the test tells it to. */
export class FakeChannel implements SecondChannel {
  readonly platform: Platform = "sandbox";
  readonly wording: Style;
  readonly endToEndEncrypted = false;
  readonly writes: Shown[] = [];
  /** Runs before each write; throws or waits as the test wishes. */
  beforeWrite: (outgoing: Outgoing, signal: AbortSignal) => Promise<void> = async () => undefined;
  desk: FrontDesk | undefined;
  /** Whether it listens, by the last `listen`. */
  listening = false;
  closed = false;
  #nextId = 1;

  constructor(wording: Style = "full") {
    this.wording = wording;
  }

  async signIn(): Promise<string> {
    return "https://phone.example/{token}";
  }

  async listen(desk: FrontDesk, signal: AbortSignal): Promise<void> {
    this.desk = desk;
    this.listening = true;
    signal.addEventListener("abort", () => (this.listening = false), { once: true });
  }

  async deliver(outgoing: Outgoing, signal: AbortSignal): Promise<string> {
    await this.beforeWrite(outgoing, signal);
    outgoing.beforeWrite();
    const id = outgoing.replaces ?? String(this.#nextId++);
    if (!/^\d+$/.test(id)) throw new ChannelError({ fate: "permanent", detail: "gone" });
    this.writes.push({ peerId: outgoing.peerId, id, text: revealText(outgoing.message) });
    return id;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
