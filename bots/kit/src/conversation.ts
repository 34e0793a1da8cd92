import { AnswerType, CommandType, type Answer } from "@countersign/proto/node/channel/v1/channel_service";
import { RejectReason } from "@countersign/proto/node/core/v1/content";
import type { DeliveryDesk } from "./attach/delivery-desk.ts";
import type { BotEvent } from "./attach/event-desk.ts";
import { readRequest, type Request } from "./command.ts";
import { answerMessage, commandAnswer, helpMessage, linkAnswer, vetoAnswer } from "./message/answer-message.ts";
import type { Manner, Message } from "./message/message.ts";
import { readButton, strong } from "./message/pieces.ts";
import type { FrontDesk, Press, PressReply, Said } from "./second-channel.ts";
import type { Timer } from "./timer.ts";
import { LOCALES, Words } from "./wording/words.ts";

interface ConversationGiven {
  readonly ask: (event: BotEvent) => Promise<Answer>;
  readonly say: DeliveryDesk["say"];
  readonly timer: Timer;
  readonly manner: Manner;
  readonly endToEndEncrypted: boolean;
}

/** Who pressed waits at the button no longer than this. */
const PATIENCE_MS = 5_000;
const LOCALES_KEPT = 10_000;
/** A fence is filled in when the event is written. */
const NO_FENCE = 0n;

/** What a bot does with what people write and press: asks the core, and words the answer. */
export class Conversation implements FrontDesk {
  readonly #given: ConversationGiven;
  /** Language of each chat as the core last named it. */
  readonly #locales = new Map<string, string>();

  constructor(given: ConversationGiven) {
    this.#given = given;
  }

  /** The core named this chat's language. */
  learnLocale(peerId: string, locale: string): void {
    if (locale === "") return;
    this.#locales.delete(peerId);
    this.#locales.set(peerId, locale);
    const oldest = this.#locales.size > LOCALES_KEPT ? this.#locales.keys().next().value : undefined;
    if (oldest !== undefined) this.#locales.delete(oldest);
  }

  async said(said: Said): Promise<void> {
    if (!said.privateChat) return;
    const message = await this.#answer(said, requestOf(said));
    this.#given.say(said.peerId, said.eventId, message);
  }

  async pressed(press: Press, reply: PressReply): Promise<void> {
    const button = readButton(press.buttonId);
    if (button === undefined) {
      reply(this.#words(press).text("answer-veto-nothing"));
      return;
    }
    const { eventId, peerId } = press;
    const { actionRef, reason } = button;
    const asked = this.#given.ask({
      $case: "veto",
      value: { eventId, fence: NO_FENCE, peerId, actionRef, tag: "", reason },
    });
    const late = new AbortController();
    const patience = this.#given.timer.sleep(PATIENCE_MS, late.signal).then(() => undefined);
    const soon = await Promise.race([asked, patience]);
    late.abort();
    // Nothing was stopped yet, and he must know; the answer follows as a message when it comes.
    if (soon === undefined) reply(this.#words(press).text("answer-veto-waiting"));
    const answer = await asked;
    this.learnLocale(peerId, answer.locale);
    const words = this.#words(press);
    const text = vetoAnswer(answer, reason === RejectReason.NOT_ME, words);
    if (soon === undefined) this.#given.say(peerId, eventId, answerMessage(words, [[[strong(text)]]]));
    else reply(text);
  }

  async gone(eventId: string, peerId: string, why?: "CHANNEL_IDENTITY_CHANGED"): Promise<void> {
    this.#locales.delete(peerId);
    await this.#given.ask({ $case: "peerGone", value: { eventId, fence: NO_FENCE, peerId, reason: why ?? "" } });
  }

  async mayJoin(eventId: string, peerId: string): Promise<boolean> {
    const answer = await this.#given.ask({ $case: "peerQuestion", value: { eventId, fence: NO_FENCE, peerId } });
    return answer.type === AnswerType.OK;
  }

  async receipt(eventId: string, peerId: string, providerId: string, reached: boolean): Promise<void> {
    const value = { eventId, fence: NO_FENCE, peerId, providerId, reached };
    await this.#given.ask({ $case: "deliveryReceipt", value });
  }

  async #answer(said: Said, request: ReturnType<typeof requestOf>): Promise<Message> {
    switch (request.type) {
      case "link":
        return this.#link(said, request.token);
      case "veto":
        return this.#veto(said, request.tag);
      case "command":
        return this.#command(said, request.command, request.argument);
      case "help":
        // A command like any other ends the channel's pause; the core has no word for help, so it is asked how things are.
        await this.#ask(said, CommandType.STATUS, "");
        return helpMessage(this.#words(said));
      case "greet":
        return this.#sentence(said, "greeting");
      case "code":
        return this.#sentence(said, "code-ignored");
      case "forwarded":
        return this.#sentence(said, "forwarded");
      case "other":
        return this.#sentence(said, "not-understood");
    }
  }

  async #link(said: Said, linkToken: string): Promise<Message> {
    const { eventId, peerId, privateChat, peerIdentity = "" } = said;
    const claim = { peerName: boundedName(said.peerName), linkToken, privateChat, peerIdentity };
    const answer = await this.#given.ask({
      $case: "linkClaim",
      value: { eventId, fence: NO_FENCE, peerId, ...claim },
    });
    this.learnLocale(peerId, answer.locale);
    return linkAnswer(answer, this.#words(said));
  }

  async #veto(said: Said, tag: string): Promise<Message> {
    const { eventId, peerId } = said;
    const reason = RejectReason.UNSPECIFIED;
    const answer = await this.#given.ask({
      $case: "veto",
      value: { eventId, fence: NO_FENCE, peerId, actionRef: "", tag, reason },
    });
    const words = this.#words(said);
    return answerMessage(words, [[[strong(vetoAnswer(answer, false, words))]]]);
  }

  async #command(said: Said, type: CommandType, argument: string): Promise<Message> {
    const { manner, endToEndEncrypted } = this.#given;
    const wish = argument.toLowerCase();
    if (type === CommandType.LANGUAGE && !LOCALES.includes(wish)) {
      const words = this.#words(said);
      return answerMessage(words, [[words.row("answer-language-which", { choices: strong(LOCALES.join(", ")) })]]);
    }
    const answer = await this.#ask(said, type, type === CommandType.LANGUAGE ? wish : "");
    if (type === CommandType.LANGUAGE && answer.type === AnswerType.OK) this.learnLocale(said.peerId, wish);
    return commandAnswer(type, answer, { ...manner, words: this.#words(said), endToEndEncrypted });
  }

  async #ask(said: Said, type: CommandType, argument: string): Promise<Answer> {
    const { eventId, peerId } = said;
    const answer = await this.#given.ask({
      $case: "command",
      value: { eventId, fence: NO_FENCE, peerId, type, argument },
    });
    this.learnLocale(peerId, answer.locale);
    return answer;
  }

  #sentence(said: Said, id: "greeting" | "code-ignored" | "forwarded" | "not-understood"): Message {
    const words = this.#words(said);
    return answerMessage(words, [[words.row(id)]]);
  }

  #words({ peerId, locale }: { readonly peerId: string; readonly locale: string }): Words {
    return Words.in(this.#locales.get(peerId) ?? locale, this.#given.manner.style);
  }
}

// Words of somebody else: what they would do must not happen to who passed them on, least of all a link.
function requestOf({ text, forwarded = false }: Said): Request | { readonly type: "forwarded" } {
  const request = readRequest(text);
  return forwarded && request.type !== "code" && request.type !== "other" ? { type: "forwarded" } : request;
}

/** A shown name cut to what the core takes: at most 64 characters, none that protobuf would change or lines would break at. */
function boundedName(name: string): string {
  const kept = [...name.toWellFormed()].filter((character) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFD]/u.test(character));
  return kept.slice(0, 64).join("").trim();
}
