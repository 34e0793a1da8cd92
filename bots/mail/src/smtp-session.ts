import { Readable } from "node:stream";
import { ChannelError, type Secret } from "@countersign/bot-kit";
import SMTPConnection, { type SMTPConnectionOptions } from "nodemailer/lib/smtp-connection";
import type { Mail } from "./mail.ts";
import { classifyFailure, SmtpFailure, type Moment } from "./smtp-failure.ts";

/** A mail server and who we are to it. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `starttls` and `implicit` hold or fail: there is no falling back. `none`: loopback alone. */
  readonly tls: "starttls" | "implicit" | "none";
  /** PEM of the authority of its certificate; undefined: those of the machine. */
  readonly ca: string | undefined;
  readonly login: { readonly user: string; readonly password: Secret } | undefined;
}

/** An SMTP server that says nothing for so long is left. */
const SILENCE_MS = 60_000;
const QUIT_MS = 1_000;
const LONGEST_ANSWER = 65_536;
/** Below what servers allow in one session, such as 100: the answer beyond would be 421. */
const MOST_MAILS = 50;

function connectionOptions({ host, port, tls, ca }: SmtpServer): SMTPConnectionOptions {
  return {
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    // Said here, it also holds under NODE_TLS_REJECT_UNAUTHORIZED=0.
    tls: { rejectUnauthorized: true, minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca }) },
    // Its log would hold commands and answers.
    logger: false,
    connectionTimeout: SILENCE_MS,
    socketTimeout: SILENCE_MS,
    maxResponseSize: LONGEST_ANSWER,
    // What is closed early must not be completed by the system's buffers.
    socketCloseTimeout: 0,
  };
}

/** One signed-in connection to a mail server, used by one mail at a time. */
export class SmtpSession {
  readonly #connection: SMTPConnection;
  readonly #sender: string;
  #usable = true;
  #mails = 0;

  private constructor(connection: SMTPConnection, sender: string) {
    this.#connection = connection;
    this.#sender = sender;
    const gone = (): void => {
      this.#usable = false;
    };
    connection.once("end", gone);
    connection.on("error", gone);
  }

  /** Connects, secures, signs in. Rejects with ChannelError (not-sent) and then holds nothing; also when the signal aborts. */
  static async open(server: SmtpServer, sender: string, signal: AbortSignal): Promise<SmtpSession> {
    const connection = new SMTPConnection(connectionOptions(server));
    const session = new SmtpSession(connection, sender);
    await session.#during("opening", signal, (settle) => {
      connection.once("error", settle);
      connection.connect((error) => {
        if (error !== undefined) settle(error);
        else if (server.login === undefined) settle(null);
        else session.#signIn(server.login, settle);
      });
    });
    return session;
  }

  /** Whether another mail may be tried: nothing went wrong so far. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Whether it has carried as many mails as one session should. */
  get worn(): boolean {
    return this.#mails >= MOST_MAILS;
  }

  /**
   * Hands one mail over; resolves once the server took it. `look` is called twice and may throw to stop the mail: before
   * its first command leaves (servers with PIPELINING get DATA along with it), and again after the server asked for the
   * mail, directly before its first byte leaves. Rejects with ChannelError, or with what `look` threw; the session is
   * over then.
   */
  async send(mail: Mail, look: () => void, signal: AbortSignal): Promise<void> {
    look();
    this.#mails += 1;
    let moment: Moment = "envelope";
    let stopped: unknown;
    const connection = this.#connection;
    const body = new Readable({
      read(): void {
        try {
          look();
        } catch (error) {
          stopped = error;
          // nodemailer writes into the error it gets.
          this.destroy(new Error("stopped before the first byte"));
          return;
        }
        moment = "content";
        this.push(mail.reveal());
        this.push(null);
      },
    });
    const envelope = {
      from: this.#sender,
      to: [mail.to],
      size: mail.size,
      // A bounce could carry the code to where nobody expects it.
      dsn: { notify: "NEVER", ret: "HDRS" },
    };
    await this.#during(
      () => moment,
      signal,
      (settle) => {
        connection.send(envelope, body, (error, info) => {
          if (error !== null) settle(stopped ?? error);
          else if (/^2\d\d(?:[ -]|$)/.test(info.response)) settle(null);
          else settle(new SmtpFailure({ fate: "unknown", detail: "malformed-answer" }));
        });
      },
    );
  }

  /** Says good-bye; the connection is closed within a second whatever the server does. */
  quit(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#connection.quit();
    setTimeout(() => this.#connection.close(), QUIT_MS).unref();
  }

  #signIn(login: NonNullable<SmtpServer["login"]>, settle: (error: unknown) => void): void {
    if (!this.#connection.allowsAuth) {
      settle(new SmtpFailure({ fate: "not-sent", detail: "connect", setupFault: "no-auth" }));
      return;
    }
    this.#connection.login({ user: login.user, pass: login.password.reveal() }, settle);
  }

  /** Runs one step of the dialogue; whatever goes wrong ends the connection at once. */
  async #during(
    moment: Moment | (() => Moment),
    signal: AbortSignal,
    step: (settle: (error: unknown) => void) => void,
  ): Promise<void> {
    const now = (): Moment => (typeof moment === "string" ? moment : moment());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const settle = (error: unknown): void => {
      if (error === null || error === undefined) resolve();
      else reject(classifyFailure(error, now()));
    };
    // nodemailer tells what happened after it has closed; where it tells nothing, this is told.
    const ended = (): unknown => setImmediate(() => settle(new Error("ended")));
    const abort = (): void => {
      const fate = now() === "content" ? "unknown" : "not-sent";
      reject(new ChannelError({ fate, detail: "timeout" }));
      this.#connection.close();
    };
    if (signal.aborted) abort();
    else {
      signal.addEventListener("abort", abort, { once: true });
      this.#connection.once("end", ended);
      step(settle);
    }
    try {
      await promise;
    } catch (error) {
      this.#usable = false;
      this.#connection.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#connection.removeListener("end", ended);
    }
  }
}
