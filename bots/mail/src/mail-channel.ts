import {
  ChannelError,
  type BotLog,
  type FrontDesk,
  type Outgoing,
  type PaceLimits,
  type SecondChannel,
  type Timer,
} from "@countersign/bot-kit";
import type { Sender } from "./address.ts";
import { composeMail } from "./mail.ts";
import { SessionPool } from "./session-pool.ts";
import { SmtpFailure, type SetupFault } from "./smtp-failure.ts";
import type { SmtpServer } from "./smtp-session.ts";

/** What a small mail server takes from one client; a prompt and its outcome may follow each other at once. */
export const MAIL_PACE: PaceLimits = {
  identity: { perSecond: 10, burst: 20 },
  chat: { perSecond: 1, burst: 3 },
  longestWaitMs: 5_000,
};

interface MailGiven {
  readonly server: SmtpServer;
  readonly sender: Sender;
  readonly timer: Timer;
  readonly log: BotLog;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
const ATTEMPT_MS = 10_000;

/** What an operator has to do about a server that will not change its mind. */
const REMEDIES: Readonly<Record<SetupFault, string>> = {
  credentials: "the mail server refuses these credentials: check --smtp-user and the file of --smtp-password-file",
  "no-auth": "the mail server takes no credentials here: leave --smtp-user out, or name its submission port in --smtp",
  "no-starttls": "the mail server offers no STARTTLS: say --smtp-tls implicit, or name its submission port in --smtp",
  certificate: "the mail server's certificate is not trusted: name its authority by --smtp-ca, its host by --smtp",
};

/** Mail as a second channel: each message a mail of its own, plain text; nobody reads what people answer. */
export class MailChannel implements SecondChannel {
  readonly platform = "mail";
  readonly wording = "full";
  readonly hears = false;
  readonly endToEndEncrypted = false;
  readonly #given: MailGiven;
  readonly #pool: SessionPool;

  constructor(given: MailGiven) {
    this.#given = given;
    this.#pool = new SessionPool(given.server, given.sender.address);
  }

  /** Resolves with no deep link once a session was opened; rejects when the server refuses credentials or TLS for good. */
  async signIn(signal: AbortSignal): Promise<string> {
    const { timer, log } = this.#given;
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      signal.throwIfAborted();
      const attempt = AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]);
      const failure = await this.#pool.use(attempt, async () => {}).catch(asChannelError);
      signal.throwIfAborted();
      if (failure === undefined) return "";
      const fault = failure instanceof SmtpFailure ? failure.setupFault : undefined;
      if (fault !== undefined) throw new Error(REMEDIES[fault]);
      log.write({ event: "listening-failed", detail: failure.detail, retryInMs: retryMs });
      await timer.sleep(retryMs, signal);
    }
  }

  /** Mail is not read: nothing is ever handed in. */
  async listen(_desk: FrontDesk, _signal: AbortSignal): Promise<void> {
    this.#given.log.write({ event: "listening" });
  }

  async deliver(outgoing: Outgoing, signal: AbortSignal): Promise<string> {
    const mail = composeMail(outgoing, this.#given.sender, this.#given.timer.now());
    try {
      await this.#pool.use(signal, async (session) => session.send(mail, outgoing.beforeWrite, signal));
    } catch (error) {
      throw asChannelError(error);
    }
    return mail.messageId;
  }

  async close(): Promise<void> {
    this.#pool.close();
  }
}

// Sessions reject with ChannelError alone; another error is a bug, after which nobody knows what was sent.
function asChannelError(error: unknown): ChannelError {
  return error instanceof ChannelError ? error : new ChannelError({ fate: "unknown", detail: "bug" });
}
