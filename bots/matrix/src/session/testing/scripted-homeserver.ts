import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** One request, as it came in. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly authorization: string | undefined;
}

/** What is answered: a status with a JSON body, other bytes, or nothing ever ("silence"), or the connection cut. */
export type Script = (seen: Seen) => Answer | Promise<Answer>;

type Answer =
  | {
      readonly status: number;
      readonly json?: unknown;
      readonly text?: string;
      readonly headers?: Record<string, string>;
    }
  | "silence"
  | "cut";

/** A homeserver that answers what a test says, and remembers every request. */
export class ScriptedHomeserver {
  readonly url: URL;
  readonly seen: Seen[] = [];
  readonly #close: () => Promise<void>;

  private constructor(url: URL, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async start(script: Script): Promise<ScriptedHomeserver> {
    const server = createServer((request, response) => void serve(request, response));
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const made = new ScriptedHomeserver(
      new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    );
    async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
      let body = "";
      for await (const part of request.setEncoding("utf8")) body += String(part);
      const { method = "", url = "", headers } = request;
      const seen = { method, path: url, body, authorization: headers.authorization };
      made.seen.push(seen);
      const answer = await script(seen);
      if (answer === "silence") return;
      if (answer === "cut") {
        request.socket.destroy();
        return;
      }
      const { status, json, text, headers: more } = answer;
      const type = json === undefined ? "text/html" : "application/json";
      response.writeHead(status, { "content-type": type, ...more });
      response.end(json === undefined ? (text ?? "") : JSON.stringify(json));
    }
    return made;
  }

  async stop(): Promise<void> {
    await this.#close();
  }
}
