import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { REPORT_SIZE } from "@countersign/key-protocol";
import type { Backend } from "./backend.ts";

/**
 * An interface of the key as a Unix socket: raw 64-byte records both ways. As with hidraw, every opener receives every
 * report of the key, and may write.
 */
export class SocketBackend implements Backend {
  readonly #path: string;
  readonly #onReport: (report: Uint8Array) => void;
  readonly #openers = new Set<Socket>();
  #server: Server | undefined;

  constructor(path: string, onReport: (report: Uint8Array) => void) {
    this.#path = path;
    this.#onReport = onReport;
  }

  async plug(): Promise<void> {
    if (this.#server !== undefined) return;
    rmSync(this.#path, { force: true });
    const server = createServer((socket) => this.#open(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(this.#path, resolve);
    });
    chmodSync(this.#path, 0o600);
    this.#server = server;
  }

  async unplug(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const opener of this.#openers) opener.destroy();
    await closed;
  }

  send(report: Uint8Array): void {
    for (const opener of this.#openers) opener.write(report);
  }

  #open(socket: Socket): void {
    this.#openers.add(socket);
    let pending: Uint8Array = new Uint8Array(0);
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      let at = 0;
      for (; at + REPORT_SIZE <= pending.length; at += REPORT_SIZE) {
        this.#onReport(pending.slice(at, at + REPORT_SIZE));
      }
      pending = pending.slice(at);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#openers.delete(socket));
  }
}
