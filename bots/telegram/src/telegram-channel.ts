import {
  ChannelError,
  COMMAND_NAMES,
  LOCALES,
  Words,
  type BotLog,
  type FrontDesk,
  type Outgoing,
  type PaceLimits,
  type Secret,
  type SecondChannel,
  type Timer,
} from "@countersign/bot-kit";
import { Poller } from "./poller.ts";
import { renderMessage } from "./render.ts";
import { TelegramApi } from "./telegram-api.ts";
import { classifyFailure, TelegramFailure } from "./telegram-failure.ts";
import { UpdateRouter } from "./update-router.ts";
import type { WebhookSettings } from "./webhook-settings.ts";
import { Webhook } from "./webhook.ts";

/** Below what Telegram is known to bear: 30 calls a second, one new message a second and chat. */
export const TELEGRAM_PACE: PaceLimits = {
  identity: { perSecond: 25, burst: 5 },
  chat: { perSecond: 1, burst: 1 },
  longestWaitMs: 5_000,
};

interface TelegramGiven {
  /** From BotFather. */
  readonly token: Secret;
  /** `https://api.telegram.org/`, or where a local Bot API server or a fake is. */
  readonly apiRoot: string;
  readonly timer: Timer;
  readonly log: BotLog;
  /** Telegram brings updates to us; undefined: we ask for them. */
  readonly webhook?: WebhookSettings | undefined;
  /** Commands and what they do, in the language; undefined: those of users. */
  readonly menu?: (locale: string) => readonly { readonly command: string; readonly description: string }[];
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** However long Telegram asks us to wait before we listen: vetoes depend on it. */
const LONGEST_WAIT_MS = 60_000;

/** Telegram as a second channel: private chats, the message edited into its next phase, veto by buttons. */
export class TelegramChannel implements SecondChannel {
  readonly platform = "telegram";
  readonly wording = "full";
  readonly endToEndEncrypted = false;
  readonly #given: TelegramGiven;
  readonly #api: TelegramApi;
  readonly #router: UpdateRouter;
  readonly #listener: Poller | Webhook;

  constructor(given: TelegramGiven) {
    const { timer, log, webhook } = given;
    this.#given = given;
    this.#api = new TelegramApi(given.token, given.apiRoot);
    this.#router = new UpdateRouter(this.#api, log);
    const handle = async (update: unknown): Promise<void> => this.#router.handle(update);
    const listening = { api: this.#api, handle, timer, log };
    this.#listener = webhook === undefined ? new Poller(listening) : new Webhook({ ...listening, settings: webhook });
  }

  /** Rejects when Telegram does not know the token. */
  async signIn(signal: AbortSignal): Promise<string> {
    const me = await this.#persist(signal, async () => {
      const answer = await this.#api.call("getMe", {} as never, signal);
      if (typeof answer?.username !== "string") throw new ChannelError({ fate: "unknown", detail: "malformed-answer" });
      return answer;
    });
    this.#api.introduce(me);
    return `https://t.me/${me.username}?start={token}`;
  }

  async listen(desk: FrontDesk, signal: AbortSignal): Promise<void> {
    this.#router.serve(desk);
    try {
      await this.#persist(signal, async () => this.#prepare(signal));
      await this.#listener.start(signal);
      this.#given.log.write({ event: "listening" });
    } catch {
      // aborted while Telegram was away: the next lease tries again
    }
  }

  async deliver(outgoing: Outgoing, signal: AbortSignal): Promise<string> {
    const { replaces } = outgoing;
    const chat = readChatId(outgoing.peerId);
    const rendered = { ...renderMessage(outgoing.message), link_preview_options: { is_disabled: true } };
    if (replaces !== undefined) return this.#edit(chat, replaces, rendered, outgoing, signal);
    outgoing.beforeWrite();
    const sent = await this.#api.call("sendMessage", { chat_id: chat, protect_content: true, ...rendered }, signal);
    if (!Number.isSafeInteger(sent?.message_id) || sent.message_id < 1)
      throw new ChannelError({ fate: "unknown", detail: "malformed-answer" });
    return String(sent.message_id);
  }

  async close(): Promise<void> {
    await this.#listener.ended();
    this.#api.close();
  }

  async #edit(
    chat: number,
    replaces: string,
    rendered: ReturnType<typeof renderMessage> & { readonly link_preview_options: { is_disabled: boolean } },
    outgoing: Outgoing,
    signal: AbortSignal,
  ): Promise<string> {
    if (!/^\d{1,15}$/.test(replaces)) throw new ChannelError({ fate: "permanent", detail: "malformed-delivery" });
    outgoing.beforeWrite();
    const message = Number(replaces);
    try {
      const edited = await this.#api.call(
        "editMessageText",
        { chat_id: chat, message_id: message, ...rendered },
        signal,
      );
      // The answer need not name the message; one that names another contradicts what we asked for.
      const named = typeof edited === "object" && edited !== null ? edited.message_id : undefined;
      if (named !== undefined && named !== message) {
        throw new ChannelError({ fate: "unknown", detail: "malformed-answer" });
      }
    } catch (error) {
      // A repeated edit whose first answer was lost: what was asked for is what the phone shows.
      if (!(error instanceof TelegramFailure && error.notModified)) throw error;
    }
    return replaces;
  }

  // A webhook left from elsewhere would keep updates away. The menu is a courtesy, in every language.
  async #prepare(signal: AbortSignal): Promise<void> {
    if (this.#given.webhook === undefined) await this.#api.call("deleteWebhook", {}, signal);
    for (const locale of LOCALES) {
      const commands = (this.#given.menu ?? usersMenu)(locale).map((one) => ({ ...one }));
      const language = locale === "en" ? {} : { language_code: locale };
      await this.#api
        .call("setMyCommands", { commands, scope: { type: "all_private_chats" }, ...language }, signal)
        .catch(() => undefined);
    }
  }

  /** Repeats until it succeeds. Rejects when the signal aborts or Telegram does not know the token. */
  async #persist<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const { timer, log } = this.#given;
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      signal.throwIfAborted();
      const result = await attempt().catch(classifyFailure);
      signal.throwIfAborted();
      if (!(result instanceof TelegramFailure)) return result;
      if (result.status === 401 || result.status === 404) {
        throw new Error("Telegram does not know this token: write the one from BotFather into --telegram-token-file");
      }
      const wait = Math.min(Math.max(retryMs, result.retryAfterMs ?? 0), LONGEST_WAIT_MS);
      log.write({ event: "listening-failed", detail: result.detail, retryInMs: wait });
      await timer.sleep(wait, signal);
    }
  }
}

function usersMenu(locale: string): { readonly command: string; readonly description: string }[] {
  const words = Words.in(locale);
  return COMMAND_NAMES.map((name) => ({ command: name, description: words.text(`help-${name}`) }));
}

/** A private chat has the person's own id, which is positive; groups and channels are negative. */
function readChatId(peerId: string): number {
  if (!/^[1-9]\d{0,15}$/.test(peerId)) {
    throw new ChannelError({ fate: "permanent", detail: "chat-not-found", reason: "CHANNEL_BLOCKED_BY_USER" });
  }
  return Number(peerId);
}
