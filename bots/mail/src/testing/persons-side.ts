import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isAddress } from "../address.ts";
import type { FakeSmtp } from "./fake-smtp.ts";
import type { SmtpFault } from "./smtp-fault.ts";

const LONG_POLL_MS = 25_000;

/** Where people's mailboxes are read. */
export interface PersonsSide {
  /** `http://127.0.0.1:port`. */
  readonly origin: string;
  stop(): Promise<void>;
}

/**
 * Serves the readers of mailboxes, and the test:
 * - `GET /mailbox/ADDRESS/messages[?after=V]` (waits up to 25 s for a version above V), `POST /mailbox/ADDRESS/open`
 * - `POST /faults {…}`, `DELETE /faults`, `GET /history`
 */
export async function startPersonsSide(fake: FakeSmtp, port: number): Promise<PersonsSide> {
  // A connection is its client's to close: one that the server closed as idle could have the next request on its way.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    perform(fake, request, response)
      .then((body) => answer(response, body === undefined ? 404 : 200, body ?? { error: "no such thing here" }))
      .catch((error: unknown) => answer(response, 400, { error: error instanceof Error ? error.message : "refused" }));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function perform(fake: FakeSmtp, request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const [part, id = "", action] = url.pathname.slice(1).split("/");
  const asked = `${request.method} /${part}${action === undefined ? "" : `/${action}`}`;
  const address = decodeURIComponent(id);
  switch (asked) {
    case "GET /mailbox/messages":
      return messages(fake, address, url.searchParams.get("after"), response);
    case "POST /mailbox/open":
      if (!isAddress(address)) throw new Error("no mail address");
      fake.open(address);
      return { ok: true };
    case "POST /faults":
      fake.faults.add(JSON.parse(await readBody(request)) as SmtpFault);
      return { ok: true };
    case "DELETE /faults":
      fake.faults.clear();
      return { ok: true };
    case "GET /history":
      return { commands: fake.commands, contents: fake.contents, violations: fake.violations };
    default:
      return undefined;
  }
}

async function messages(
  fake: FakeSmtp,
  address: string,
  after: string | null,
  response: ServerResponse,
): Promise<unknown> {
  const mailbox = fake.mailboxes.get(address);
  if (after === null || mailbox === undefined) return mailbox?.view() ?? { version: 0, messages: [] };
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return mailbox.viewAfter(Number(after), AbortSignal.any([gone.signal, AbortSignal.timeout(LONG_POLL_MS)]));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString("utf8");
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
