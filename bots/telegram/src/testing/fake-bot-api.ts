import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiRefusal } from "./api-refusal.ts";
import { BotApi } from "./bot-api.ts";
import { Faults, type Fault } from "./faults.ts";
import { answer } from "./http-answer.ts";
import { answerUnreadably } from "./unreadable-answer.ts";
import { handlePersonsSide } from "./persons-side.ts";
import { RateLimit } from "./rate-limit.ts";

/** One request of the bot, and what became of it. Holds what was sent, codes included: for assertions only. */
export interface Recorded {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** HTTP status, or 0 when no answer was given. */
  status: number;
  /** Whether Telegram did what was asked. */
  performed: boolean;
  /** What it answered, or would have; undefined: it did not. */
  result?: unknown;
  /** Milliseconds at arrival, by the clock that rates are counted against. */
  readonly at: number;
}

/** Token of the bot that the fake knows, when none is given. */
export const FAKE_TOKEN = "7000001:test-token-of-the-fake";

interface FakeOptions {
  readonly token?: string;
  /** Of 127.0.0.1; 0: a free one. */
  readonly port?: number;
  /** Milliseconds that only grow, against which rates are counted; default the machine's. */
  readonly monotonic?: () => number;
}

/**
 * A Bot API server that is as strict as Telegram, and stricter about names and types, with the person's phone and the
 * faults on the same port. For tests and development; never on another interface than loopback.
 */
export class FakeBotApi {
  readonly api: BotApi = new BotApi();
  readonly faults: Faults = new Faults();
  readonly rate: RateLimit = new RateLimit();
  readonly history: Recorded[] = [];
  readonly token: string;
  readonly #monotonic: () => number;
  #server: Server;
  #origin = "";

  private constructor({ token = FAKE_TOKEN, monotonic = () => performance.now() }: FakeOptions) {
    this.token = token;
    this.#monotonic = monotonic;
    // A connection is its client's to close: one that the server closed as idle could have the next call on its way.
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(options: FakeOptions = {}): Promise<FakeBotApi> {
    const fake = new FakeBotApi(options);
    fake.#server.listen(options.port ?? 0, "127.0.0.1");
    await once(fake.#server, "listening");
    fake.#origin = `http://127.0.0.1:${(fake.#server.address() as AddressInfo).port}`;
    return fake;
  }

  /** For the bot's `--api-root`. */
  get apiRoot(): string {
    return `${this.#origin}/`;
  }

  /** For the person of this chat. */
  phone(chatId: number): string {
    return `${this.#origin}/phone/${chatId}`;
  }

  async stop(): Promise<void> {
    this.api.webhook.stop();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.#origin);
    const body = await readBody(request);
    const match = /^\/bot([^/]+)\/(\w+)$/.exec(url.pathname);
    if (match === null) {
      await handlePersonsSide(this, { method: request.method ?? "", url, body }, response);
      return;
    }
    const [, token = "", method = ""] = match;
    if (token !== this.token) answer(response, 401, { ok: false, error_code: 401, description: "Unauthorized" });
    else await this.#call(method, body, response);
  }

  async #call(method: string, body: string, response: ServerResponse): Promise<void> {
    const closed = new AbortController();
    response.once("close", () => closed.abort());
    const recorded: Recorded = { method, params: parse(body), status: 0, performed: false, at: this.#monotonic() };
    this.history.push(recorded);
    const fault = this.faults.take(method, body);
    const perform = async (): Promise<unknown> => {
      this.rate.check(method, recorded.params["chat_id"], recorded.at);
      const result = await this.api.perform(method, recorded.params, closed.signal);
      recorded.performed = true;
      recorded.result = result;
      return result;
    };
    try {
      if (fault === undefined) this.#ok(recorded, response, await perform());
      else await this.#goWrong(fault, recorded, response, perform);
    } catch (error) {
      const refusal = error instanceof ApiRefusal ? error : new ApiRefusal(500, "Internal Server Error");
      this.#refuse(recorded, response, refusal);
    }
  }

  async #goWrong(
    fault: Fault,
    recorded: Recorded,
    response: ServerResponse,
    perform: () => Promise<unknown>,
  ): Promise<void> {
    switch (fault.kind) {
      case "status":
        throw new ApiRefusal(fault.status ?? 500, fault.description ?? "a fault was asked for", fault.retryAfter);
      case "before":
        return;
      case "after":
        await perform();
        return;
      case "reset-before":
        response.destroy();
        return;
      case "reset-after":
        await perform();
        response.destroy();
        return;
      case "slow":
        await new Promise<void>((resolve) => setTimeout(resolve, fault.delayMs ?? 100));
        this.#ok(recorded, response, await perform());
        return;
      case "lie":
        this.#ok(recorded, response, fault.result);
        return;
      case "non-json":
      case "truncated":
      case "cut":
      case "huge":
      case "drip":
      case "redirect":
        if (fault.performed === true) await perform();
        recorded.status = answerUnreadably(fault.kind, fault, response);
    }
  }

  #ok(recorded: Recorded, response: ServerResponse, result: unknown): void {
    recorded.status = 200;
    answer(response, 200, { ok: true, result });
  }

  #refuse(recorded: Recorded, response: ServerResponse, refusal: ApiRefusal): void {
    recorded.status = refusal.status;
    const parameters = refusal.retryAfter === undefined ? {} : { parameters: { retry_after: refusal.retryAfter } };
    const { status, message } = refusal;
    answer(response, status, { ok: false, error_code: status, description: message, ...parameters });
  }
}

function parse(body: string): Readonly<Record<string, unknown>> {
  if (body === "") return {};
  try {
    return JSON.parse(body) as Readonly<Record<string, unknown>>;
  } catch {
    throw new ApiRefusal(400, "Bad Request: FAKE: the body is not JSON");
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString("utf8");
}
