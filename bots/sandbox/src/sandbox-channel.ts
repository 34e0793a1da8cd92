import { randomBytes } from "node:crypto";
import {
  ChannelError,
  revealText,
  type FrontDesk,
  type Outgoing,
  type PaceLimits,
  type SecondChannel,
} from "@countersign/bot-kit";
import { Phone, SANDBOX_PEER } from "./phone.ts";
import { startPhoneServer, type PhoneServer } from "./phone-server.ts";

/** Nothing to be kept below: the provider is this process. */
export const SANDBOX_PACE: PaceLimits = {
  identity: { perSecond: 10_000, burst: 10_000 },
  chat: { perSecond: 10_000, burst: 10_000 },
  longestWaitMs: 5_000,
};

// That of Telegram, so that what fits here fits there.
const LONGEST_TEXT = 4096;

type Handed = (desk: FrontDesk) => void;

/** A phone on this machine for development: one user, a page and REST. A production core refuses its platform. */
export class SandboxChannel implements SecondChannel {
  readonly platform = "sandbox";
  readonly wording = "full";
  readonly endToEndEncrypted = false;
  readonly #phone = new Phone();
  readonly #port: number;
  /** Event ids of another run must not repeat. */
  readonly #run = randomBytes(8).toString("hex");
  #server: PhoneServer | undefined;
  #desk: FrontDesk | undefined;
  /** What the person did before anybody listened. */
  #early: Handed[] = [];
  #events = 0;

  /** `port` of 127.0.0.1; 0: a free one. */
  constructor(port: number) {
    this.#port = port;
  }

  /** Where the page is, once signed in. */
  get address(): string {
    return this.#server?.address ?? "";
  }

  async signIn(): Promise<string> {
    this.#server ??= await startPhoneServer(this.#port, this.#phone, {
      send: (text, locale) => this.#send(text, locale),
      press: (messageId, buttonId, locale) => this.#press(messageId, buttonId, locale),
    });
    return `${this.address}/?start={token}`;
  }

  async listen(desk: FrontDesk): Promise<void> {
    this.#desk = desk;
    for (const handed of this.#early.splice(0)) handed(desk);
  }

  async deliver(outgoing: Outgoing): Promise<string> {
    const { peerId, message, replaces } = outgoing;
    if (peerId !== SANDBOX_PEER) {
      throw new ChannelError({ fate: "permanent", detail: "chat-not-found", reason: "CHANNEL_BLOCKED_BY_USER" });
    }
    if (revealText(message).length > LONGEST_TEXT) {
      throw new ChannelError({ fate: "permanent", detail: "does-not-fit" });
    }
    outgoing.beforeWrite();
    if (replaces === undefined) return this.#phone.show(message);
    if (!this.#phone.replace(replaces, message)) throw new ChannelError({ fate: "permanent", detail: "gone" });
    return replaces;
  }

  async close(): Promise<void> {
    await this.#server?.stop();
  }

  #send(text: string, locale: string): void {
    this.#phone.write(text);
    const eventId = this.#eventId();
    const said = { eventId, peerId: SANDBOX_PEER, peerName: "Sandbox user", privateChat: true, text, locale };
    this.#hand((desk) => void desk.said(said));
  }

  #press(messageId: string, buttonId: string, locale: string): boolean {
    if (!this.#phone.hasButton(messageId, buttonId)) return false;
    const press = { eventId: this.#eventId(), peerId: SANDBOX_PEER, buttonId, locale };
    this.#hand((desk) => void desk.pressed(press, (text) => this.#phone.popUp(text)));
    return true;
  }

  #hand(handed: Handed): void {
    if (this.#desk === undefined) this.#early.push(handed);
    else handed(this.#desk);
  }

  #eventId(): string {
    this.#events += 1;
    return `sandbox-${this.#run}-${this.#events}`;
  }
}
