import { connect, type Socket } from "node:net";
import {
  BROADCAST,
  decodeInitAnswer,
  encodeMessage,
  HidCommand,
  Reassembler,
  REPORT_SIZE,
} from "@countersign/key-protocol";

/** A message of the key, with the channel that it came on. */
export interface HeardMessage {
  readonly channel: number;
  readonly command: number;
  readonly payload: Uint8Array;
}

/** A host on a key's socket that sends whatever it is told to, and hears every channel. */
export class RawHost {
  readonly #socket: Socket;
  readonly #messages = new Map<number, Reassembler>();
  readonly #heard: HeardMessage[] = [];
  readonly #waiting: ((message: HeardMessage) => void)[] = [];
  #pending: Uint8Array = new Uint8Array(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", () => socket.destroy());
  }

  static async connect(path: string): Promise<RawHost> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawHost(socket);
  }

  /** Raw bytes: mostly whole reports. */
  send(...reports: readonly Uint8Array[]): void {
    for (const report of reports) this.#socket.write(report);
  }

  /** The next message but keepalives. */
  async next(): Promise<HeardMessage> {
    return this.#heard.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A channel of its own. */
  async open(): Promise<number> {
    const nonce = Uint8Array.from({ length: 8 }, (_, at) => at + 1);
    this.send(...encodeMessage(BROADCAST, HidCommand.INIT, nonce));
    return decodeInitAnswer((await this.next()).payload).channel;
  }

  /** Nothing was said before the answer to a PING on this channel. */
  async silentUntilPing(channel: number): Promise<boolean> {
    const mark = Uint8Array.of(0x51, 0x1e, 0x27);
    this.send(...encodeMessage(channel, HidCommand.PING, mark));
    const { command, payload } = await this.next();
    return command === HidCommand.PING && Buffer.compare(payload, mark) === 0;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (; this.#pending.length >= REPORT_SIZE; this.#pending = this.#pending.slice(REPORT_SIZE)) {
      const report = new Uint8Array(this.#pending.slice(0, REPORT_SIZE));
      const channel = new DataView(report.buffer).getUint32(0);
      const messages = this.#messages.get(channel) ?? new Reassembler(channel);
      this.#messages.set(channel, messages);
      const message = messages.accept(report);
      if (message !== undefined && message.command !== HidCommand.KEEPALIVE) this.#hear({ channel, ...message });
    }
  }

  #hear(message: HeardMessage): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#heard.push(message);
    else waiting(message);
  }
}
