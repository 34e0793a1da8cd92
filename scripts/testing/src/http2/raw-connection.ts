import { connect, type Socket } from "node:net";
import { FrameReader, PREFACE, settings } from "./frame.ts";

export interface RawOptions {
  /** Sends preface and empty SETTINGS. Absent: true. */
  readonly greet?: boolean;
  /** The address it comes from. Absent: the system's choice. */
  readonly from?: string;
  /** What SETTINGS says of itself instead of nothing. */
  readonly settings?: readonly (readonly [id: number, value: number])[];
}

/** A TCP connection on which anything may be written; of what comes back frames are counted by type. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #counts = new Map<number, number>();
  readonly #closed = Promise.withResolvers<void>();
  #isOpen = true;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      for (const { type } of this.#reader.read(chunk)) this.#counts.set(type, this.received(type) + 1);
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
    const socket = connect(localAddress === undefined ? at : { ...at, localAddress });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
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
