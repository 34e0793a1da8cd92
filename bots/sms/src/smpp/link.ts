import { isIP } from "node:net";
import { ChannelError, type Secret, type Timer } from "@countersign/bot-kit";
import smpp, { type Pdu, type Session } from "smpp";
import { readDeliveryReport, type DeliveryReport } from "./delivery-report.ts";

/** An SMSC and our account there. */
export interface SmscAccount {
  readonly host: string;
  readonly port: number;
  /** Undefined: no TLS. `ca`: PEM of the authority of the SMSC's certificate; absent: those of the machine. */
  readonly tls: { readonly ca?: string } | undefined;
  readonly systemId: string;
  readonly password: Secret;
}

interface LinkGiven {
  readonly account: SmscAccount;
  readonly timer: Timer;
  /** Resolves false when the report cannot be taken now: the SMSC is asked to repeat it. Never rejects. */
  readonly onReport: (report: DeliveryReport) => Promise<boolean>;
}

const CONNECT_MS = 5_000;
const RESPONSE_MS = 20_000;
const ENQUIRE_EVERY_MS = 30_000;
const ENQUIRE_MS = 10_000;
const UNBIND_MS = 2_000;
const TEMPORARY_ERROR = 0x64;
const INTERFACE_3_4 = 0x34;

/** The SMSC answered the bind and did not accept it. */
export class BindRefused extends ChannelError {
  readonly status: number;

  constructor(status: number) {
    super({ fate: "not-sent", detail: `smpp-${status}` });
    this.status = status;
  }
}

/**
 * One bound connection. Whatever the SMSC sends, malformed PDUs included, ends at most this connection: the library
 * throws on some of them in the middle of its own event handlers, so every handler of ours is fenced and every error of
 * its is an end.
 */
export class SmppLink {
  readonly #given: LinkGiven;
  readonly #session: Session;
  readonly #over = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  readonly #unanswered = new Set<(end: ChannelError) => void>();

  private constructor(given: LinkGiven) {
    this.#given = given;
    const { host, port, tls } = given.account;
    // An address is checked against the certificate too, but may not be sent as a server's name.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const secure = tls === undefined ? {} : { ...tls, ...name, minVersion: "TLSv1.2" as const };
    this.#session = smpp.connect({ host, port, tls: tls !== undefined, noDelay: true, ...secure });
    this.#on("error", () => this.#end());
    this.#on("close", () => this.#end());
    this.#on("enquire_link", (pdu) => this.#answer(pdu, 0));
    this.#on("deliver_sm", (pdu) => void this.#delivered(pdu));
    this.#on("data_sm", (pdu) => void this.#delivered(pdu));
    this.#on("unknown", (pdu) => this.#end(pdu));
    this.#on("unbind", (pdu) => {
      this.#answer(pdu, 0);
      this.#end();
    });
  }

  /**
   * Connects and binds as transceiver. Throws ChannelError (not-sent): nothing can have left; BindRefused when the SMSC
   * answered.
   */
  static async bind(given: LinkGiven, signal: AbortSignal): Promise<SmppLink> {
    const link = new SmppLink(given);
    const abort = (): void => link.#end();
    const slow = new AbortController();
    void given.timer.sleep(CONNECT_MS, slow.signal).then(() => slow.signal.aborted || link.#end());
    signal.addEventListener("abort", abort, { once: true });
    try {
      await link.#connected();
      const { systemId, password } = given.account;
      const bound = await link.request("bind_transceiver", {
        system_id: systemId,
        password: password.reveal(),
        interface_version: INTERFACE_3_4,
      });
      if (bound.command_status !== 0) throw new BindRefused(bound.command_status);
      if (bound.command !== "bind_transceiver_resp") throw new ChannelError({ fate: "not-sent", detail: "connect" });
      void link.#enquire();
      return link;
    } catch (error) {
      link.#end();
      throw error instanceof BindRefused ? error : new ChannelError({ fate: "not-sent", detail: "connect" });
    } finally {
      slow.abort();
      signal.removeEventListener("abort", abort);
    }
  }

  /** Settles when the connection has ended, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /**
   * Writes one request and resolves with the answer, whatever it is. Throws at once, with nothing written, when the link
   * has ended or `beforeWrite` throws. Rejects with ChannelError (unknown, reset) when the link ends before the answer.
   */
  request(command: string, fields: Record<string, unknown> = {}, beforeWrite?: () => void): Promise<Pdu> {
    const pdu = new smpp.PDU(command, fields);
    const answer = Promise.withResolvers<Pdu>();
    const answered = new AbortController();
    beforeWrite?.();
    const sent = !this.#over.signal.aborted && this.#session.send(pdu, (response) => answer.resolve(response));
    if (!sent) {
      this.#end();
      throw new ChannelError({ fate: "not-sent", detail: "connect" });
    }
    this.#unanswered.add(answer.reject);
    // An SMSC that leaves a request open for so long has lost it: the window must not fill up with such.
    void this.#given.timer.sleep(RESPONSE_MS, answered.signal).then(() => answered.signal.aborted || this.#end());
    const settled = (): void => {
      answered.abort();
      this.#unanswered.delete(answer.reject);
    };
    answer.promise.then(settled, settled);
    return answer.promise;
  }

  /** Unbinds and ends. Never rejects. */
  async close(): Promise<void> {
    const over = new AbortController();
    try {
      const unbound = this.request("unbind");
      await Promise.race([unbound, this.#given.timer.sleep(UNBIND_MS, over.signal), this.ended]);
    } catch {
      // It ended before it could be unbound.
    }
    over.abort();
    this.#end();
  }

  // `pdu` is given to the handler as the library read it; "error" and "close" come with other arguments, which hold
  // nothing that we use.
  #on(event: string, handle: (pdu: Pdu) => void): void {
    this.#session.on(event, (pdu: Pdu) => {
      try {
        handle(pdu);
      } catch {
        this.#end();
      }
    });
  }

  async #connected(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#unanswered.add(reject);
    this.#session.on(this.#given.account.tls === undefined ? "connect" : "secureConnect", resolve);
    await promise;
    this.#unanswered.delete(reject);
  }

  // A text that a person sent is answered and forgotten: the channel hears nobody.
  async #delivered(pdu: Pdu): Promise<void> {
    const report = readDeliveryReport(pdu);
    const taken = report?.reached === undefined || (await this.#given.onReport(report));
    this.#answer(pdu, taken ? 0 : TEMPORARY_ERROR);
  }

  #answer(pdu: Pdu, status: number): void {
    try {
      if (!this.#over.signal.aborted) this.#session.send(pdu.response({ command_status: status }));
    } catch {
      this.#end();
    }
  }

  async #enquire(): Promise<void> {
    const { timer } = this.#given;
    while (!this.#over.signal.aborted) {
      await timer.sleep(ENQUIRE_EVERY_MS, this.#over.signal);
      if (this.#over.signal.aborted) return;
      const slow = new AbortController();
      void timer.sleep(ENQUIRE_MS, slow.signal).then(() => slow.signal.aborted || this.#end());
      try {
        await this.request("enquire_link");
      } catch {
        return;
      } finally {
        slow.abort();
      }
    }
  }

  // A PDU that no SMPP has means that we no longer know where PDUs begin: the connection is given up.
  #end(_unknown?: Pdu): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#session.destroy();
    const end = new ChannelError({ fate: "unknown", detail: "reset" });
    for (const reject of this.#unanswered) reject(end);
    this.#unanswered.clear();
    this.#ended.resolve();
  }
}
