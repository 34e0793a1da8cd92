import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Mailbox } from "./mailbox.ts";
import { SmtpDialogue } from "./smtp-dialogue.ts";
import { SmtpFaults } from "./smtp-fault.ts";
import { Wire } from "./wire.ts";

/** How the fake is set up. */
export interface FakeSmtpOptions {
  /** Of 127.0.0.1; 0: a free one. */
  readonly port?: number;
  /** PEM; undefined: plain text. Mail is refused before TLS then. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** TLS from the first byte; default: by STARTTLS. */
  readonly implicit?: boolean;
  readonly login?: { readonly user: string; readonly password: string };
  /** Whether clients may send commands without waiting; default true. */
  readonly pipelining?: boolean;
}

/**
 * A mail server on loopback that refuses whatever no right mail of the bot has, keeps the mails of its mailboxes and goes
 * wrong as it is told. For tests and development.
 */
export class FakeSmtp {
  readonly mailboxes: Map<string, Mailbox> = new Map();
  readonly faults: SmtpFaults = new SmtpFaults();
  /** Every command in order of arrival, credentials left out; "(end of data)" for the final dot. */
  readonly commands: string[] = [];
  /** What came as content, whole or not, taken or not. */
  readonly contents: string[] = [];
  /** What a client did against the protocol. A test ends with this empty. */
  readonly violations: string[] = [];
  readonly options: FakeSmtpOptions & { readonly pipelining: boolean };
  /** Connections that were made. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #watchers: (() => void)[] = [];
  #port = 0;

  private constructor(options: FakeSmtpOptions) {
    this.options = { ...options, pipelining: options.pipelining ?? true };
    const serve = (socket: Socket): void => {
      this.connections += 1;
      this.#changed();
      void new SmtpDialogue(this, new Wire(socket)).run();
    };
    const implicit = options.implicit === true ? options.tls : undefined;
    // Answers to pipelined commands are small writes in a row.
    const noDelay = true;
    this.#server =
      implicit === undefined ? createServer({ noDelay }, serve) : createTlsServer({ ...implicit, noDelay }, serve);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("tlsClientError", () => undefined);
  }

  static async start(options: FakeSmtpOptions = {}): Promise<FakeSmtp> {
    const fake = new FakeSmtp(options);
    await fake.listen();
    return fake;
  }

  /** Listens, again on the port it had; mailboxes stay. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port === 0 ? (this.options.port ?? 0) : this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  get port(): number {
    return this.#port;
  }

  /** `127.0.0.1:port`, for the bot's `--smtp`. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The mailbox of this address, made if there is none. */
  open(address: string): Mailbox {
    const mailbox = this.mailboxes.get(address) ?? new Mailbox();
    this.mailboxes.set(address, mailbox);
    return mailbox;
  }

  /** Breaks every connection and listens no more. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) {
      // A reset while our end is under way fails and leaves the socket open.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Resolves when `holds` does; looks again after everything that arrives. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      await promise;
    }
  }

  /** For the dialogue alone. */
  heard(command: string): void {
    this.commands.push(command);
    this.#changed();
  }

  /** For the dialogue alone. */
  violated(what: string): void {
    this.violations.push(what);
    this.#changed();
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}
