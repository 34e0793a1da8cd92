import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { ChannelError, Secret, silentLog, systemTimer, type Outgoing } from "@countersign/bot-kit";
import { Phase, SAMPLE_CODE, sampleOutgoing } from "@countersign/bot-kit/testing";
import { freePort } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { TelegramChannel } from "./telegram-channel.ts";
import { FAKE_TOKEN, FakeBotApi, type Fault } from "./testing/index.ts";

const CHAT = 4242;
let telegram: FakeBotApi;
let channel: TelegramChannel;

function channelTo(apiRoot: string): TelegramChannel {
  const token = new Secret("telegram token", FAKE_TOKEN);
  return new TelegramChannel({ token, apiRoot, timer: systemTimer, log: silentLog });
}

beforeEach(async () => {
  telegram = await FakeBotApi.start();
  telegram.api.open(CHAT);
  channel = channelTo(telegram.apiRoot);
});

afterEach(async () => {
  await channel.close();
  await telegram.stop();
});

const patience = (): AbortSignal => AbortSignal.timeout(60_000);

async function ship(outgoing: Outgoing, deadline = patience(), by: TelegramChannel = channel): Promise<unknown> {
  try {
    return await by.deliver(outgoing, deadline);
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return error;
  }
}

/** An answer that drips has no end but the deadline: it passes once the answer has begun. */
async function shipInto({ kind }: Omit<Fault, "method">, outgoing: Outgoing): Promise<unknown> {
  const deadline = new AbortController();
  const earlier = telegram.history.length;
  const shipped = ship(outgoing, deadline.signal);
  if (kind === "drip") {
    while ((telegram.history[earlier]?.status ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    deadline.abort();
  }
  return shipped;
}

const notice = (): Outgoing => sampleOutgoing(Phase.NOTICE);
const full = (providerId: unknown): Outgoing => sampleOutgoing(Phase.FULL, { providerId: String(providerId) });
const shown = (): string[] => {
  const { messages } = telegram.api.open(CHAT).view();
  return messages.map(({ text }) => text.replaceAll(" ", ""));
};

test.each<[string, unknown, number]>([
  ["1", 1, 1_000],
  ["35", 35, 35_000],
  ["0", 0, 5_000],
  ["a thousand million", 1e9, 3_600_000],
  ["more than numbers hold", 1e308, 3_600_000],
  ["a fraction", 0.001, 1_000],
  ["below zero", -5, 5_000],
  ["a text", "35", 5_000],
  ["a list", [35], 5_000],
  ["null", null, 5_000],
  ["nothing", undefined, 5_000],
])(
  "429 with retry_after %s: not sent, and a silence between a second and an hour",
  async (_what, retryAfter, expected) => {
    telegram.faults.add({ method: "sendMessage", kind: "status", status: 429, retryAfter });
    expect(await ship(notice())).toMatchObject({ fate: "not-sent", detail: "rate-limited", retryAfterMs: expected });
    expect(shown()).toEqual([]);
  },
);

const UNREADABLE: [string, Omit<Fault, "method">, string][] = [
  ["502 with a page", { kind: "non-json", status: 502 }, "http-502"],
  ["a page", { kind: "non-json" }, "malformed-answer"],
  ["a 429 page of a proxy", { kind: "non-json", status: 429 }, "malformed-answer"],
  ["truncated JSON", { kind: "truncated" }, "malformed-answer"],
  ["a connection cut within the answer", { kind: "cut" }, "reset"],
  ["an answer without end", { kind: "huge" }, "malformed-answer"],
  ["an answer that drips", { kind: "drip" }, "timeout"],
  ["a redirect to where nobody is", { kind: "redirect", location: "http://127.0.0.1:1/" }, "http-307"],
];

test.each(
  UNREADABLE.flatMap(([what, fault, detail]) => [true, false].map((performed) => ({ what, fault, detail, performed }))),
)("$what (done: $performed): unknown; repeated, the phone shows one code", async ({ fault, detail, performed }) => {
  telegram.faults.add({ method: "sendMessage", ...fault, performed });
  expect(await shipInto(fault, notice())).toMatchObject({ fate: "unknown", detail });
  const id = await ship(notice());
  telegram.faults.add({ method: "editMessageText", ...fault, performed });
  expect(await shipInto(fault, full(id))).toMatchObject({ fate: "unknown", detail });
  expect(await ship(full(id))).toBe(id);
  expect(shown().filter((text) => text.includes(SAMPLE_CODE))).toHaveLength(1);
});

test.each<[string, unknown]>([
  ["a text", { message_id: "7" }],
  ["a fraction", { message_id: 1.5 }],
  ["zero", { message_id: 0 }],
  ["below zero", { message_id: -1 }],
  ["too large", { message_id: 1e300 }],
  ["nothing", {}],
  ["a list", []],
])("a message id that is %s: unknown", async (_what, result) => {
  telegram.faults.add({ method: "sendMessage", kind: "lie", result });
  expect(await ship(notice())).toMatchObject({ fate: "unknown", detail: "malformed-answer" });
});

test.each([99, "1", null])("an edit that Telegram says it made of message %j: unknown, and repeated", async (other) => {
  const id = await ship(notice());
  telegram.faults.add({ method: "editMessageText", kind: "lie", result: { message_id: other } });
  expect(await ship(full(id))).toMatchObject({ fate: "unknown", detail: "malformed-answer" });
  expect(await ship(full(id))).toBe(id);
});

test.each<[string, number, string, object]>([
  ["blocked", 403, "Forbidden: bot was blocked by the user", { reason: "CHANNEL_BLOCKED_BY_USER", detail: "blocked" }],
  ["an account that is no more", 400, "Bad Request: user is deactivated", { reason: "CHANNEL_BLOCKED_BY_USER" }],
  [
    "a chat that became another",
    400,
    "Bad Request: group chat was upgraded to a supergroup chat",
    { reason: "CHANNEL_BLOCKED_BY_USER", detail: "chat-not-found" },
  ],
  ["a deleted message", 400, "Bad Request: message to edit not found", { reason: "CHANNEL_DOWN", detail: "gone" }],
])("%s is permanent", async (_what, status, description, expected) => {
  const id = await ship(notice());
  telegram.faults.add({ method: "editMessageText", kind: "status", status, description });
  expect(await ship(full(id))).toMatchObject({ fate: "permanent", ...expected });
});

test("409 on a send is not sent: nobody knows why, and it is repeated", async () => {
  telegram.faults.add({ method: "sendMessage", kind: "status", status: 409 });
  expect(await ship(notice())).toMatchObject({ fate: "not-sent", detail: "http-409" });
});

test("threat 22: a redirect to another host takes neither token nor message with it", async () => {
  const requests: string[] = [];
  const thief: Server = createServer((request, response) => {
    requests.push(request.url ?? "");
    response.end('{"ok":true,"result":{"message_id":1}}');
  }).listen(0, "127.0.0.1");
  await once(thief, "listening");
  const location = `http://localhost:${(thief.address() as AddressInfo).port}/`;
  const id = await ship(notice());
  for (const status of [301, 302, 303, 307, 308]) {
    telegram.faults.add({ method: "editMessageText", kind: "redirect", status, location });
    expect(await ship(full(id))).toMatchObject({ fate: "unknown", detail: `http-${status}` });
  }
  expect(requests).toEqual([]);
  thief.close();
});

/** A server on loopback that does what `serve` says with every connection. */
async function raw(serve: Parameters<typeof createTcpServer>[1]): Promise<TcpServer> {
  const server = createTcpServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

test.each(["http", "https"])("a connection that is refused (%s): certainly not sent", async (scheme) => {
  const away = channelTo(`${scheme}://127.0.0.1:${await freePort()}/`);
  expect(await ship(notice(), patience(), away)).toMatchObject({ fate: "not-sent", detail: "connect" });
});

test("a handshake that never ends: not sent, because nothing is written before it", async () => {
  const server = await raw((socket) => void socket.on("error", () => undefined));
  const away = channelTo(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  expect(await ship(notice(), AbortSignal.timeout(200), away)).toMatchObject({ fate: "not-sent", detail: "timeout" });
  await away.close();
  server.close();
});

test("a server that speaks no TLS: not sent", async () => {
  const server = await raw((socket) => {
    socket.on("error", () => undefined);
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  const away = channelTo(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  expect(await ship(notice(), patience(), away)).toMatchObject({ fate: "not-sent", detail: "connect" });
  server.close();
});

test("a connection accepted and closed at once: unknown", async () => {
  const server = await raw((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.destroy());
  });
  const away = channelTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  expect(await ship(notice(), patience(), away)).toMatchObject({ fate: "unknown", detail: "reset" });
  server.close();
});

test("a signal that aborted before: not sent, and no call", async () => {
  await expect(channel.deliver(notice(), AbortSignal.abort())).rejects.toMatchObject({ fate: "not-sent" });
  expect(telegram.history).toEqual([]);
});
