import { request as overHttp, Agent as HttpAgent, type ClientRequest, type IncomingMessage } from "node:http";
import { request as overHttps, Agent as HttpsAgent } from "node:https";
import { isLoopback } from "@countersign/bot-kit";
import { TelegramFailure } from "./telegram-failure.ts";

/** A whole answer as it came: nothing of it is checked yet. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

// 100 updates of 4096 characters, each with its entities, stay well below.
const LONGEST_ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * One POST of JSON, to this address and no other. Redirects are answers like any other: followed, they would carry token
 * and code to a host that somebody else named. Errors say what is known of the request and nothing of what was in it:
 * rejects with TelegramFailure alone, `not-sent` only when no connection ever stood.
 */
export class Transport {
  readonly #root: URL;
  readonly #agent: HttpAgent;
  readonly #request: typeof overHttp;

  /** Methods are resolved against the root; a path prefix is kept. */
  constructor(root: string) {
    this.#root = new URL(root);
    if (!this.#root.pathname.endsWith("/")) this.#root.pathname += "/";
    const secure = this.#root.protocol === "https:";
    if (!secure && !(this.#root.protocol === "http:" && isLoopback(this.#root.hostname))) {
      throw new Error("--api-root must be an https address, or http on this machine: it is told token and codes");
    }
    // Said here, it also holds under NODE_TLS_REJECT_UNAUTHORIZED=0.
    this.#agent = secure
      ? new HttpsAgent({ keepAlive: true, rejectUnauthorized: true })
      : new HttpAgent({ keepAlive: true });
    this.#request = secure ? overHttps : overHttp;
  }

  /** The signal ends it at any moment, slow answers included. */
  async post(path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    const bytes = Buffer.from(JSON.stringify(body));
    const headers = { "content-type": "application/json", "content-length": bytes.length };
    const url = new URL(`./${path}`, this.#root);
    let connected = false;
    try {
      signal.throwIfAborted();
      const request = this.#request(url, { method: "POST", agent: this.#agent, headers, signal });
      watchConnection(request, this.#root.protocol, () => (connected = true));
      const response = await answered(request, bytes);
      return { status: response.statusCode ?? 0, body: await read(response) };
    } catch (error) {
      if (error instanceof TelegramFailure) throw error;
      if (!connected) throw failure("not-sent", signal.aborted ? "timeout" : "connect");
      throw failure("unknown", signal.aborted ? "timeout" : "reset");
    }
  }

  /** Ends idle connections. */
  close(): void {
    this.#agent.destroy();
  }
}

function failure(fate: "not-sent" | "unknown", detail: "connect" | "timeout" | "reset" | "malformed-answer"): Error {
  return new TelegramFailure({ fate, detail });
}

// Node writes the request when the connection stands (over TLS: when the certificate was accepted), never before.
function watchConnection(request: ClientRequest, protocol: string, onConnected: () => void): void {
  request.once("socket", (socket) => {
    if (request.reusedSocket || !socket.connecting) onConnected();
    else socket.once(protocol === "https:" ? "secureConnect" : "connect", onConnected);
  });
}

async function answered(request: ClientRequest, body: Uint8Array): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    // Stays for errors that follow the answer; the reader of the answer meets them too.
    request.on("error", reject);
    request.end(body);
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > LONGEST_ANSWER_BYTES) {
      response.destroy();
      throw failure("unknown", "malformed-answer");
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
