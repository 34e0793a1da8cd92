import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What goes wrong with the next requests that match. */
export interface ProxyFault {
  /** Of `METHOD /path?query`. */
  readonly matches: RegExp;
  /** The server never gets it; the server gets it and its answer is lost; never answered; this answer in its place. */
  readonly kind: "reset-before" | "reset-after" | "black-hole" | { readonly status: number; readonly body: string };
  /** Default: once. */
  readonly times?: number;
}

/** Stands between a client and an HTTP server on loopback, and breaks what it is told to. */
export class FaultyProxy {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** `METHOD /path` of every request, in order. */
  readonly history: string[] = [];
  readonly #server: Server;
  readonly #faults: { fault: ProxyFault; left: number }[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(target: string): Promise<FaultyProxy> {
    // Whoever asks closes its connections: one that is closed as idle would be one more fault.
    const server = createServer({ keepAliveTimeout: 0 });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = new FaultyProxy(server);
    server.on("request", (asked: IncomingMessage, answer: ServerResponse) => proxy.#serve(target, asked, answer));
    return proxy;
  }

  add(fault: ProxyFault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(target: string, asked: IncomingMessage, answer: ServerResponse): void {
    const line = `${asked.method} ${asked.url}`;
    this.history.push(line.replace(/\?.*/, ""));
    const kind = this.#fault(line);
    if (kind === "reset-before") asked.socket.destroy();
    else if (kind === "black-hole") asked.resume();
    else if (typeof kind === "object") {
      asked.resume();
      answer.writeHead(kind.status, { "content-type": "application/json" }).end(kind.body);
    } else forward(target, asked, answer, kind === "reset-after");
  }

  #fault(line: string): ProxyFault["kind"] | undefined {
    const found = this.#faults.find(({ fault, left }) => left > 0 && fault.matches.test(line));
    if (found !== undefined) found.left -= 1;
    return found?.fault.kind;
  }
}

function forward(target: string, asked: IncomingMessage, answer: ServerResponse, loseAnswer: boolean): void {
  const { method, headers } = asked;
  const passed = request(`${target}${asked.url}`, { method: method ?? "GET", headers, agent: false }, (got) => {
    if (loseAnswer) {
      got.resume().once("end", () => asked.socket.destroy());
      return;
    }
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.pipe(answer);
  });
  passed.once("error", () => asked.socket.destroy());
  answer.once("close", () => passed.destroy());
  asked.pipe(passed);
}
