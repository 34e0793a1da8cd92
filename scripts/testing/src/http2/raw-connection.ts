import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { FrameReader, PREFACE, settings } from "./frame.ts";

export interface RawOptions {
  /** Sends preface and empty SETTINGS. Absent: true. */
  readonly greet?: boolean;
  /** The address it comes from. Absent: the system's choice. */
  readonly from?: string;
  /** What SETTINGS says of itself instead of nothing. */
  readonly settings?: readonly (readonly [id: number, value: number])[];
  /** Over TLS, whoever the other end is. */
  readonly tls?: boolean;
}

/** A connection on which anything may be written; of what comes back frames are counted by type. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #counts = new Map<number, number>();
  readonly #last = new Map<number, Buffer>();
  readonly #closed = Promise.withResolvers<void>();
  #isOpen = true;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      for (const { type, payload } of this.#reader.read(chunk)) {
        this.#counts.set(type, this.received(type) + 1);
        this.#last.set(type, Buffer.from(payload));
      }
    });
    // A reset by the other end is one of the answers that are hoped for.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#isOpen = false;
      this.#closed.resolve();
    });
  }

  /** Resolves when TCP is connected and the greeting is written; rejects when nobody listens. */
  static async open(address: string, options: RawOptions = {}): Promise<RawConnection> {
    const colon = address.lastIndexOf(":");
    const { from: localAddress } = options;
    const at = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)), noDelay: true };
    const there = localAddress === undefined ? at : { ...at, localAddress };
    const hello = { ALPNProtocols: ["h2"], rejectUnauthorized: false };
    const socket = options.tls === true ? connectTls({ ...there, ...hello }) : connect(there);
    await new Promise<void>((resolve, reject) => {
      socket.once(options.tls === true ? "secureConnect" : "connect", resolve);
      socket.once("error", reject);
    });
    const raw = new RawConnection(socket);
    if (options.greet !== false) await raw.write(Buffer.concat([PREFACE, settings(...(options.settings ?? []))]));
    return raw;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves when the connection is over, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Frames of a type that came so far. */
  received(type: number): number {
    return this.#counts.get(type) ?? 0;
  }

  /** What the last frame of a type had in it. */
  last(type: number): Buffer | undefined {
    return this.#last.get(type);
  }

  /** Resolves once the socket took it, or the connection is over. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#isOpen || this.#socket.write(bytes)) return;
    const drained = new Promise<void>((resolve) => this.#socket.once("drain", resolve));
    await Promise.race([drained, this.#closed.promise]);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
