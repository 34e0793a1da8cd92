// A receiver as its owner would run it: it can be down, up again on the same port, and slow to answer.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Taken {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly told: {
    readonly type: string;
    readonly test?: boolean;
    readonly data: { readonly transaction_id: string; readonly state: string };
  };
}

export class Taker {
  readonly taken: Taken[] = [];
  /** Answers wait for it. */
  hold: Promise<void> = Promise.resolve();
  port = 0;
  #server: Server | undefined;
  #wake: () => void = () => undefined;

  static async open(): Promise<Taker> {
    const taker = new Taker();
    await taker.up();
    return taker;
  }

  async up(): Promise<void> {
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        const headers = request.headers as Record<string, string>;
        this.taken.push({ headers, body, told: JSON.parse(body) as Taken["told"] });
        this.#wake();
        void this.hold.then(() => response.writeHead(204).end());
      });
    });
    server.listen(this.port, "127.0.0.1");
    await once(server, "listening");
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Connections are refused from now on. */
  async down(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/countersign`;
  }

  /** The first delivery, of those behind `from`, that is meant. */
  async next(isMeant: (taken: Taken) => boolean, from = 0): Promise<Taken> {
    for (;;) {
      const found = this.taken.slice(from).find(isMeant);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
