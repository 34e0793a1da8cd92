import { connect, type Socket } from "node:net";
import {
  BROADCAST,
  decodeInitAnswer,
  encodeMessage,
  HidCommand,
  type Message,
  Reassembler,
  REPORT_SIZE,
} from "@countersign/key-protocol";

/** A bare host on the emulator's socket: one channel, no cleverness. */
export class SocketHost {
  readonly channel: number;
  readonly #socket: Socket;
  readonly #answers: Uint8Array[] = [];
  #waiting: ((payload: Uint8Array) => void) | undefined;

  private constructor(socket: Socket, channel: number) {
    this.#socket = socket;
    this.channel = channel;
    readMessages(socket, channel, (message) => {
      if (message.command === HidCommand.KEEPALIVE) return;
      if (this.#waiting === undefined) this.#answers.push(message.payload);
      else this.#waiting(message.payload);
    });
  }

  static async connect(path: string): Promise<SocketHost> {
    const socket = connect(path);
    const answer = new Promise<Uint8Array>((resolve) => {
      readMessages(socket, BROADCAST, (message) => resolve(message.payload));
    });
    for (const report of encodeMessage(BROADCAST, HidCommand.INIT, new Uint8Array(8))) socket.write(report);
    return new SocketHost(socket, decodeInitAnswer(await answer).channel);
  }

  send(reports: readonly Uint8Array[]): void {
    for (const report of reports) this.#socket.write(report);
  }

  /** The next answer that is no keepalive. */
  async answer(): Promise<Uint8Array> {
    return this.#answers.shift() ?? new Promise((resolve) => (this.#waiting = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }
}

function readMessages(socket: Socket, channel: number, heard: (message: Message) => void): void {
  const messages = new Reassembler(channel);
  let pending: Uint8Array = new Uint8Array(0);
  socket.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (; pending.length >= REPORT_SIZE; pending = pending.slice(REPORT_SIZE)) {
      const message = messages.accept(new Uint8Array(pending.slice(0, REPORT_SIZE)));
      if (message !== undefined) heard(message);
    }
  });
}
