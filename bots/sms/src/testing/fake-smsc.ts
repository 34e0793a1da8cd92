import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Phones } from "./phones.ts";
import { SmscFaults } from "./smsc-fault.ts";
import { SmscSession } from "./smsc-session.ts";
import { SmscStore } from "./smsc-store.ts";

/** Of the account that the fake knows, when none is given. */
export const FAKE_SYSTEM_ID = "countersign";
/** At most 8 characters, as SMPP 3.4 has it. */
export const FAKE_PASSWORD = "pw-fake1";

/** How the fake behaves; may be changed while it runs. */
export interface SmscManners {
  /** Requests that may be unanswered at a time; more is throttled. */
  window: number;
  /** Answers to submit_sm wait for `answerNext`. */
  holdsAnswers: boolean;
  /** Whether receipts go out as soon as a phone has a message, and when it never will. */
  reports: boolean;
  /** Receipts name the id in decimal though the answer had it in hex. */
  mixesIdForms: boolean;
  /** Receipts come before the answer to submit_sm. */
  reportsFirst: boolean;
  /** Does not answer enquire_link. */
  deaf: boolean;
}

interface FakeSmscOptions {
  readonly port?: number;
  readonly systemId?: string;
  readonly password?: string;
  /** PEM; absent: no TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly now?: () => Date;
}

/**
 * An SMSC with phones behind it, as strict as the strictest, over PDU code of its own. For tests and development, on
 * loopback alone.
 */
export class FakeSmsc {
  readonly phones: Phones = new Phones();
  readonly faults: SmscFaults = new SmscFaults();
  readonly manners: SmscManners = {
    window: 10,
    holdsAnswers: false,
    reports: false,
    mixesIdForms: false,
    reportsFirst: false,
    deaf: false,
  };
  readonly store: SmscStore;
  readonly account: { readonly systemId: string; readonly password: string };
  /** Bound connections, oldest first. */
  readonly sessions: SmscSession[] = [];
  /** Everything the bot did against SMPP; a test ends with this empty. */
  readonly violations: string[] = [];
  /** Connections accepted so far, and binds asked for. */
  connections = 0;
  binds = 0;
  /** Submissions heard so far, whatever became of them. */
  submissions = 0;
  /** The next binds are refused with this status. */
  refuseBindWith = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #watchers: (() => void)[] = [];

  private constructor(options: FakeSmscOptions) {
    this.account = { systemId: options.systemId ?? FAKE_SYSTEM_ID, password: options.password ?? FAKE_PASSWORD };
    this.store = new SmscStore(this.phones, options.now ?? (() => new Date()));
    const serve = (socket: Socket): void => this.#accept(socket);
    this.#server =
      options.tls === undefined
        ? createServer({ noDelay: true }, serve)
        : createTlsServer({ ...options.tls, noDelay: true }, serve);
  }

  static async start(options: FakeSmscOptions = {}): Promise<FakeSmsc> {
    const smsc = new FakeSmsc(options);
    smsc.#server.listen(options.port ?? 0, "127.0.0.1");
    await once(smsc.#server, "listening");
    smsc.#port = (smsc.#server.address() as AddressInfo).port;
    return smsc;
  }

  /** Of 127.0.0.1; the same after it stopped. */
  get port(): number {
    return this.#port;
  }

  /** Breaks every connection without a word. */
  breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.breakConnections();
    await closed;
  }

  /** Sends a receipt for a message over the newest connection; resolves with the bot's answer. */
  async report(id: string, stat: string): Promise<number> {
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error("nobody is bound");
    return session.report(this.store.find(id), stat);
  }

  /** Resolves when `holds` does; looks again after everything that happens here. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      await promise;
    }
  }

  changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    const session = new SmscSession(this, socket);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      const at = this.sessions.indexOf(session);
      if (at >= 0) this.sessions.splice(at, 1);
      this.changed();
    });
    this.changed();
  }
}
