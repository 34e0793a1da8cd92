import { join } from "node:path";
import { filesBelow, findSecrets } from "../scenarios/leavings.ts";
import { startTripwire, type Side, type Tripwire } from "../chat/tripwire.ts";
import type { ChannelName } from "../chat/chat-service.ts";
import { messagesWithCode } from "../crash/survival.ts";
import { anotherUser, setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation } from "../installation.ts";
import { Timeline } from "./timeline.ts";
import { paymentOverDeaths } from "../new-payment.ts";
import { answered } from "../answered.ts";
import { connect, type Parts } from "../parts.ts";
import { PhoneInHand, type Message } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";

/** Who is killed. */
export type Victim = "bot" | "core";

/** A request of a bot to its provider, by bytes that stand in it. */
export interface WirePoint {
  /** What the request does. */
  readonly name: string;
  /** While the code is delivered, or while its outcome is. */
  readonly during: "prompt" | "outcome";
  readonly pattern: Uint8Array;
  readonly nth: number;
}

/** What the phone saw of one payment in which somebody died. */
export interface Aftermath {
  /** Messages that showed the code at any time. */
  readonly withCode: number;
  /** Whether the code can be read now, when all is over. */
  readonly showsCode: boolean;
  /** States of the delivery that would mean that something was forgotten. */
  readonly unsettled: readonly string[];
  /** Ids of the events of its timeline, in order. */
  readonly told: readonly string[];
}

/** Ten digits are found in a log by no accident. */
const LONG_CODES = { digits: 10, highValueDigits: 10 };
const PATIENCE_MS = 200_000;
/** At most five prompts a minute reach a user; his LINK is one. */
const PAYMENTS_A_USER = 4;
/** DELIVERY_EVENT_TYPE_SENT. */
const SENT = 4;
/** DELIVERY_STATE_QUEUED and _SENDING. */
const UNSETTLED: readonly number[] = [1, 2];

/** An installation with a wire between one channel's bot and its provider, and users who are paid for. */
export class KillWorld {
  readonly installation: Installation;
  readonly #channel: ChannelName;
  readonly #wire: Tripwire;
  readonly #first: Desk;
  readonly #parts: Parts;
  #user: { readonly desk: Desk; readonly chatId: string; payments: number } | undefined;
  #users = 0;

  private constructor(channel: ChannelName, installation: Installation, wire: Tripwire, first: Desk) {
    this.#channel = channel;
    this.installation = installation;
    this.#wire = wire;
    this.#first = first;
    this.#parts = connect(installation);
  }

  static async start(channel: ChannelName, folder: string): Promise<KillWorld> {
    let wire: Tripwire | undefined;
    const between = async (port: number): Promise<number> => (wire = await startTripwire(port)).port;
    const installation = await startInstallation({
      folder,
      mode: "B",
      channels: [channel],
      between,
      policy: LONG_CODES,
      coreArgs: ["--log-level", "debug"],
    });
    const first = await setUpDesk(installation, { mode: "B", userId: "first", chatId: "7000" });
    if (wire === undefined) throw new Error(`the service of ${channel} took no wire`);
    return new KillWorld(channel, installation, wire, first);
  }

  /** One payment: its code arrives, it is withdrawn, its outcome arrives; the victim dies at the point and comes back. */
  async pay(point: WirePoint, victim: Victim, side: Side): Promise<Aftermath> {
    const { desk, chatId } = await this.#somebody();
    const phone = new PhoneInHand(desk.phoneUrl);
    const before = await this.#withCode(chatId);
    const known = new Set((await phone.look(undefined, AbortSignal.timeout(60_000))).messages.map(({ id }) => id));
    const isNew = (message: Message): boolean => !known.has(message.id) && hasCode(message);
    const dies = (): Promise<void> => this.#dies(point, victim, side);
    const [inPrompt, inOutcome] = point.during === "prompt" ? [dies, nothing] : [nothing, dies];
    let dying = inPrompt();
    const { transactionId } = await paymentOverDeaths(this.#parts, desk.userId);
    const timeline = new Timeline(this.#parts, transactionId);
    await dying;
    await this.#until(phone, `the code of ${transactionId}`, (messages) => messages.some(isNew));
    // A message of unknown fate may be sent once more: only then it is known how often the phone saw it.
    await timeline.until(SENT);
    dying = inOutcome();
    await answered(() => this.#parts.transactions.cancel({ transactionId, reason: "changed" }));
    await dying;
    await timeline.ended;
    const { attempts } = await answered(() => this.#parts.codes.getDelivery({ transactionId }));
    const { messages } = await phone.look(undefined, AbortSignal.timeout(60_000));
    return {
      withCode: [...(await this.#withCode(chatId))].filter((id) => !before.has(id)).length,
      showsCode: messages.some(isNew),
      unsettled: attempts.filter(({ state }) => UNSETTLED.includes(state)).map(({ state }) => String(state)),
      told: timeline.events.map(({ eventId }) => eventId),
    };
  }

  /** Where a secret of this world was found that it must not be in: logs of every life, stores, files. */
  async leaks(): Promise<string[]> {
    const { folder } = this.installation;
    const bot = this.installation.bot(this.#channel);
    const chats = Array.from({ length: this.#users + 1 }, (_, i) => String(7000 + i));
    const shown = (await Promise.all(chats.map((chatId) => bot.service.everShown(chatId)))).flat();
    const codes = shown.flatMap(({ text }) => /^Code:? ([\d ]+)$/m.exec(text)?.[1] ?? []);
    if (codes.length === 0) throw new Error("no code was shown: there is nothing to look for");
    const secrets = new Map<string, Uint8Array>(codes.map((code, i) => [`code ${i}`, digitsOf(code)]));
    const keys = [...filesBelow(join(folder, "secrets"))].filter(([name]) => name.endsWith(".key"));
    const given = [...filesBelow(join(folder, "tokens")), ...keys];
    for (const [name, secret] of given) secrets.set(name, Buffer.from(Buffer.from(secret).toString().trim()));
    const places = filesBelow(folder, ["tokens", "secrets"]);
    places.set("log of the core", Buffer.from(this.installation.coreOutput()));
    places.set("log of the bot", Buffer.from(bot.output()));
    return findSecrets(secrets, places);
  }

  async stop(): Promise<void> {
    this.#parts.close();
    await this.#first.stop();
    await this.installation.stop();
    await this.#wire.stop();
  }

  /** Arms the wire; resolves when the victim has died and come back. */
  async #dies({ pattern, nth }: WirePoint, victim: Victim, side: Side): Promise<void> {
    const { installation } = this;
    const bot = installation.bot(this.#channel);
    const process = victim === "bot" ? bot.process.process : installation.core().process;
    await this.#wire.arm({ pattern, nth, side }, () => void process.kill("SIGKILL"));
    await (victim === "bot" ? bot.restart() : installation.restartCore());
  }

  async #somebody(): Promise<{ readonly desk: Desk; readonly chatId: string }> {
    if (this.#user === undefined || this.#user.payments >= PAYMENTS_A_USER) {
      this.#users += 1;
      const chatId = String(7000 + this.#users);
      const sitter = { userId: `user-${this.#users}`, chatId };
      const desk = await anotherUser(this.installation, this.#first, sitter);
      await this.#until(
        new PhoneInHand(desk.phoneUrl),
        "the outcome of the LINK",
        (all) => all.length > 0 && !all.slice(-1).some(hasCode),
      );
      this.#user = { desk, chatId, payments: 0 };
    }
    this.#user.payments += 1;
    return this.#user;
  }

  async #withCode(chatId: string): Promise<Set<string>> {
    return messagesWithCode(await this.installation.bot(this.#channel).service.everShown(chatId));
  }

  async #until(phone: PhoneInHand, what: string, isSo: (messages: readonly Message[]) => boolean): Promise<void> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    let version: number | undefined;
    for (;;) {
      const chat = await phone.look(version, patience).catch((error: unknown) => {
        throw new Error(`waited ${PATIENCE_MS} ms in vain for ${what}`, { cause: error });
      });
      if (isSo(chat.messages)) return;
      ({ version } = chat);
    }
  }
}

function digitsOf(code: string): Uint8Array {
  return Buffer.from(code.replaceAll(" ", ""));
}

function hasCode(message: Message): boolean {
  return readMessage(message) !== undefined;
}

const nothing = (): Promise<void> => Promise.resolve();
