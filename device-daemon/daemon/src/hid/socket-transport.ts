import { connect, type Socket } from "node:net";
import { REPORT_SIZE } from "@countersign/key-protocol";
import type { HidTransport } from "./hid-transport.ts";
import { LinkError } from "./link-error.ts";

/** Reports that are kept for a listener that is not there yet: one message. */
const MAX_EARLY = 30;

/** A key behind a Unix socket that carries raw 64-byte records: the emulator. */
export class SocketTransport implements HidTransport {
  readonly name: string;
  readonly patience: number;
  readonly #socket: Socket;
  #pending: Uint8Array = new Uint8Array(0);
  #early: Uint8Array[] = [];
  #onReport: ((report: Uint8Array) => void) | undefined;
  #onClose: (() => void) | undefined;
  #closed = false;

  private constructor(path: string, socket: Socket, patience: number) {
    this.name = path;
    this.patience = patience;
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#end());
  }

  /** `patience`: see HidTransport. Rejects with LinkError: "permission" when the socket belongs to somebody else, else "left". */
  static async connect(path: string, patience: number = 1): Promise<SocketTransport> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", (cause: NodeJS.ErrnoException) => {
        const denied = cause.code === "EACCES" || cause.code === "EPERM";
        reject(new LinkError(denied ? "permission" : "left", `no key at ${path}`, { cause }));
      });
    });
    return new SocketTransport(path, socket, patience);
  }

  async write(report: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(report, (cause) => {
        if (cause === undefined || cause === null) resolve();
        else reject(new LinkError("left", `the key at ${this.name} has left`, { cause }));
      });
    });
  }

  onReport(listener: (report: Uint8Array) => void): void {
    this.#onReport = listener;
    const early = this.#early;
    this.#early = [];
    for (const report of early) listener(report);
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#onClose = listener;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#pending, chunk]);
    let at = 0;
    for (; at + REPORT_SIZE <= bytes.length; at += REPORT_SIZE) {
      const report = new Uint8Array(bytes.subarray(at, at + REPORT_SIZE));
      if (this.#onReport !== undefined) this.#onReport(report);
      else if (this.#early.length < MAX_EARLY) this.#early.push(report);
    }
    this.#pending = bytes.subarray(at);
  }

  #end(): void {
    this.#closed = true;
    this.#onClose?.();
  }
}
