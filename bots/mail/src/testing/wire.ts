import { once } from "node:events";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

const LONGEST_LINE = 1_000;

/** One connection as lines. Refuses what no right client sends: lines ended otherwise than by CRLF, and too long ones. */
export class Wire {
  #socket: Socket;
  #held = "";
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen(socket);
  }

  get secure(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** Whether something has come that nobody has read. */
  get pending(): boolean {
    return this.#held !== "";
  }

  /** The next line without its end, one character a byte; undefined when the client is gone. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#held.indexOf("\n");
      const line = this.#held.slice(0, end + 1);
      if (/^[^\r]{0,998}\r\n$/.test(line)) {
        this.#held = this.#held.slice(end + 1);
        return line.slice(0, -2);
      }
      if (end >= 0 || this.#held.length > LONGEST_LINE) throw new Error("a line that is too long or not ended by CRLF");
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  say(text: string): void {
    if (this.#socket.writable) this.#socket.write(`${text}\r\n`, "latin1");
  }

  /** Goes on encrypted. Throws when something came in plain text after STARTTLS. */
  async secureWith(key: string, cert: string): Promise<void> {
    if (this.pending) throw new Error("something in plain text after STARTTLS");
    this.#socket.removeAllListeners("data");
    const secure = new TLSSocket(this.#socket, { isServer: true, key, cert });
    this.#socket = secure;
    this.#listen(secure);
    await Promise.race([once(secure, "secure"), once(secure, "close")]);
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  end(): void {
    this.#socket.end();
  }

  #listen(socket: Socket): void {
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Uint8Array) => {
      this.#held += Buffer.from(chunk).toString("latin1");
      this.#wake();
    });
    for (const end of ["end", "close"]) {
      socket.on(end, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }
}
