import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Phones } from "./phones.ts";

/**
 * What goes wrong with the next message. `status`: refused with `status` and `body`. `swallow`: not accepted, no answer.
 * `no-answer`: accepted, no answer. `reset-before`, `reset-after`: the connection breaks. `answer`: accepted, answered
 * with `status` and `body`.
 */
export interface GatewayFault {
  readonly kind: "status" | "swallow" | "no-answer" | "reset-before" | "reset-after" | "answer";
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request that the gateway understood. */
export interface Posted {
  readonly id: string;
  readonly to: string;
  readonly from: string | undefined;
  readonly text: string;
  readonly alphabet: string;
  readonly minutes: number | undefined;
  readonly reportTo: string | undefined;
}

/** Key of the account that the fake knows. */
export const FAKE_GATEWAY_KEY = "gw-key-of-the-fake";

/** A gateway with a JSON API, strict about every member, and phones behind it. For tests, on loopback alone. */
export class FakeGateway {
  readonly phones: Phones = new Phones();
  readonly faults: GatewayFault[] = [];
  readonly posted: Posted[] = [];
  readonly violations: string[] = [];
  /** Numbers that no phone has. */
  readonly nobody: Set<string> = new Set();
  requests = 0;
  readonly #server: Server;
  #port = 0;
  #watchers: (() => void)[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<FakeGateway> {
    const gateway = new FakeGateway();
    gateway.#server.listen(0, "127.0.0.1");
    await once(gateway.#server, "listening");
    gateway.#port = (gateway.#server.address() as AddressInfo).port;
    return gateway;
  }

  /** The template of this gateway; its key is `{secret:key}`. */
  template(more: object = {}): string {
    return JSON.stringify({
      method: "POST",
      url: `http://127.0.0.1:${this.#port}/v1/messages`,
      headers: { "x-api-key": "{secret:key}" },
      json: {
        to: "{to}",
        from: "{sender}",
        text: "{text}",
        alphabet: "{alphabet}",
        minutes: "{validityMinutes}",
        report: "{receiptUrl}?ref={ref}",
      },
      alphabets: { gsm7: "gsm", ucs2: "unicode" },
      success: { status: [201], body: '^\\{"id":"(?<id>[a-z0-9-]+)"\\}$' },
      failures: [{ status: [422], body: "unknown-number", fate: "permanent", blocked: true }],
      receipt: { id: "id", to: "to", status: "state", reached: "^delivered$", failed: "^(?:failed|expired)$" },
      ...more,
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Reports by POST of a form, or GET; resolves with the bot's HTTP status. */
  async report(posted: Posted, state: string, method: "GET" | "POST" = "POST", more: string = ""): Promise<number> {
    if (posted.reportTo === undefined) throw new Error("no report was asked for");
    const parameters = new URLSearchParams({ id: posted.id, to: posted.to.slice(1), state });
    const url = method === "GET" ? `${posted.reportTo}&${parameters.toString()}${more}` : posted.reportTo;
    const body = method === "GET" ? {} : { body: parameters };
    const { status } = await fetch(url, { method, ...body });
    return status;
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      await promise;
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    this.requests += 1;
    const answer = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
    };
    const fault = this.faults.shift();
    const accept = (): string | undefined => this.#accept(request, Buffer.concat(chunks).toString("utf8"));
    if (fault === undefined || fault.kind === "answer") {
      const refused = accept();
      if (refused !== undefined) answer(422, JSON.stringify({ error: refused }));
      else answer(fault?.status ?? 201, fault?.body ?? JSON.stringify({ id: this.posted.at(-1)?.id }), fault?.headers);
    } else {
      if (/after$|no-answer/.test(fault.kind)) accept();
      if (fault.kind === "status") answer(fault.status ?? 500, fault.body ?? "", fault.headers);
      if (fault.kind.startsWith("reset")) response.destroy();
    }
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  /** Undefined: accepted. */
  #accept(request: IncomingMessage, body: string): string | undefined {
    const { to, from, text, alphabet, minutes, report, ...other } = JSON.parse(body) as Record<string, unknown>;
    const wrong = [
      request.method === "POST" && request.url === "/v1/messages" ? [] : ["the place"],
      request.headers["x-api-key"] === FAKE_GATEWAY_KEY ? [] : ["the key"],
      typeof to === "string" && /^\+[1-9]\d{6,14}$/.test(to) ? [] : ["to"],
      typeof text === "string" ? [] : ["text"],
      alphabet === "gsm" || alphabet === "unicode" ? [] : ["alphabet"],
      minutes === undefined || (typeof minutes === "number" && minutes >= 1) ? [] : ["minutes"],
      ...Object.keys(other).map((name) => [name]),
    ].flat();
    this.violations.push(...wrong);
    if (wrong.length > 0) return "malformed";
    const posted = { id: `m-${this.posted.length + 1}`, to, from, text, alphabet, minutes, reportTo: report } as Posted;
    if (this.nobody.has(posted.to)) return "unknown-number";
    this.posted.push(posted);
    this.phones.at(posted.to).receive(posted.id, posted.text, undefined);
    return undefined;
  }
}
