import { ChannelError } from "@countersign/bot-kit";
import { SmtpSession, type SmtpServer } from "./smtp-session.ts";

/** Below what mail servers allow one client at once. */
const MOST_SESSIONS = 5;
/** Below the five minutes after which servers may hang up, so that a mail rarely meets a closing connection. */
const IDLE_MS = 30_000;

/** Keeps a few signed-in sessions to one server, so that a mail costs no new TLS handshake. */
export class SessionPool {
  readonly #server: SmtpServer;
  readonly #sender: string;
  readonly #idle: { readonly session: SmtpSession; readonly timer: NodeJS.Timeout }[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #closed = false;

  /** `sender` is the address in MAIL FROM. */
  constructor(server: SmtpServer, sender: string) {
    this.#server = server;
    this.#sender = sender;
  }

  /** Runs `work` with a session of its own. Rejects with ChannelError (not-sent) when none can be had before the abort. */
  async use(signal: AbortSignal, work: (session: SmtpSession) => Promise<void>): Promise<void> {
    await this.#place(signal);
    try {
      const session = this.#takeIdle() ?? (await SmtpSession.open(this.#server, this.#sender, signal));
      await work(session);
      this.#putBack(session);
    } finally {
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Ends what is idle; what is busy ends when it is done. */
  close(): void {
    this.#closed = true;
    for (const { session, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      session.quit();
    }
  }

  async #place(signal: AbortSignal): Promise<void> {
    while (this.#busy >= MOST_SESSIONS && !signal.aborted) await this.#turn(signal);
    if (signal.aborted) {
      // The turn may have been this one's: it is passed on, at worst to one that waits again.
      this.#waiting.shift()?.();
      throw new ChannelError({ fate: "not-sent", detail: "timeout" });
    }
    this.#busy += 1;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const abort = (): void => resolve();
    this.#waiting.push(resolve);
    signal.addEventListener("abort", abort, { once: true });
    await promise;
    signal.removeEventListener("abort", abort);
    const at = this.#waiting.indexOf(resolve);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #takeIdle(): SmtpSession | undefined {
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      clearTimeout(kept.timer);
      if (kept.session.usable) return kept.session;
    }
    return undefined;
  }

  #putBack(session: SmtpSession): void {
    if (this.#closed || session.worn) session.quit();
    if (!session.usable) return;
    const timer = setTimeout(() => {
      this.#idle.splice(
        this.#idle.findIndex((kept) => kept.session === session),
        1,
      );
      session.quit();
    }, IDLE_MS).unref();
    this.#idle.push({ session, timer });
  }
}
