// For tests: a receiver that answers as it is told, and keeps what came.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What a receiver got. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: {
    readonly id: string;
    readonly type: string;
    readonly test?: boolean;
    readonly data: { readonly transaction_id: string; readonly state: string; readonly version: number };
  };
}

export class Receiver {
  readonly taken: Received[] = [];
  /** What it answers next; empty: 204. */
  readonly statuses: number[] = [];
  /** Goes with every answer. */
  answerHeaders: Readonly<Record<string, string>> = {};
  /** Answers wait for it. */
  hold: Promise<void> = Promise.resolve();
  /** Answers to these wait for this instead, which `isSlow` picks. */
  slow: { readonly isSlow: (received: Received) => boolean; readonly hold: Promise<void> } | undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const received = { headers: request.headers, text, body: JSON.parse(text) as Received["body"] };
        receiver.taken.push(received);
        const { slow, hold } = receiver;
        void (slow?.isSlow(received) === true ? slow.hold : hold).then(() =>
          response.writeHead(receiver.statuses.shift() ?? 204, receiver.answerHeaders).end(),
        );
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return receiver;
  }

  get url(): string {
    return `http://hooks.example:${(this.#server.address() as AddressInfo).port}/countersign`;
  }

  get ids(): string[] {
    return this.taken.map(({ headers }) => String(headers["webhook-id"]));
  }

  get types(): string[] {
    return this.taken.map(({ body }) => body.type);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
