import { request } from "node:http";
import { Secret } from "@countersign/bot-kit";
import { ManualTimer, settled } from "@countersign/bot-kit/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { WebhookServer } from "./webhook-server.ts";

const SECRET = "right_secret";
let timer: ManualTimer;
let server: WebhookServer;
let port: number;
let handled: unknown[];
let wrongSecrets: number;
let hold: Promise<void>;

beforeEach(async () => {
  timer = new ManualTimer();
  [handled, wrongSecrets, hold] = [[], 0, Promise.resolve()];
  server = new WebhookServer({
    settings: {
      host: "127.0.0.1",
      port: 0,
      url: new URL("https://bot.example/telegram"),
      secret: new Secret("webhook secret", SECRET),
    },
    handle: async (update) => {
      handled.push(update);
      await hold;
    },
    timer,
    onWrongSecret: () => (wrongSecrets += 1),
  });
  port = await server.open();
});

afterEach(async () => server.close());

interface Post {
  readonly method?: string;
  readonly path?: string;
  readonly secret?: string | undefined;
  readonly type?: string;
}

async function post(body: string, given: Post = {}): Promise<number> {
  const { method = "POST", path = "/telegram", type = "application/json" } = given;
  const secret = "secret" in given ? given.secret : SECRET;
  return new Promise((resolve) => {
    const headers = {
      "content-type": type,
      ...(secret === undefined ? {} : { "x-telegram-bot-api-secret-token": secret }),
    };
    const sent = request({ host: "127.0.0.1", port, method, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", () => resolve(0));
    sent.end(body);
  });
}

test.each<[string, Post, number]>([
  ["another path", { path: "/" }, 404],
  ["a path below", { path: "/telegram/x" }, 404],
  ["GET", { method: "GET" }, 405],
  ["PUT", { method: "PUT" }, 405],
  ["no secret", { secret: undefined }, 401],
  ["an empty secret", { secret: "" }, 401],
  ["a wrong secret", { secret: "wrong_secret" }, 401],
  ["a longer secret", { secret: `${SECRET}x` }, 401],
  ["a form", { type: "application/x-www-form-urlencoded" }, 415],
])("threat 16: %s: nothing is handed in", async (_what, given, status) => {
  expect(await post('{"update_id":1}', given)).toBe(status);
  expect(handled).toEqual([]);
  expect(wrongSecrets).toBe(status === 401 ? 1 : 0);
});

test.each([
  ["no JSON", "{", 400],
  ["a list", "[]", 400],
  ["no id", '{"message":{}}', 400],
  ["an id that is none", '{"update_id":"5"}', 400],
  ["a body without end", `{"update_id":1,"x":"${"x".repeat(1024 * 1024)}"}`, 413],
])("%s is refused", async (_what, body, status) => {
  expect([status, 0]).toContain(await post(body));
  expect(handled).toEqual([]);
});

test("200 follows the core's answer, not the request", async () => {
  const answered = Promise.withResolvers<void>();
  hold = answered.promise;
  let status: number | undefined;
  const posted = post('{"update_id":7}').then((value) => (status = value));
  while (handled.length === 0) await settled();
  await settled();
  expect(status).toBeUndefined();
  answered.resolve();
  expect(await posted).toBe(200);
});

test("after 20 s without the core it answers 500; the repetition waits for the same, and is handed in once", async () => {
  const answered = Promise.withResolvers<void>();
  hold = answered.promise;
  const first = post('{"update_id":7}');
  while (timer.sleeping === 0) await settled();
  await timer.advance(20_000);
  expect(await first).toBe(500);
  const second = post('{"update_id":7}');
  while (timer.sleeping === 0) await settled();
  answered.resolve();
  expect(await second).toBe(200);
  expect(await post('{"update_id":7}')).toBe(200);
  expect(handled).toHaveLength(1);
});

test("threat 16: updates out of order, and replayed, are each handed in once", async () => {
  for (const id of [9, 7, 8, 7, 9, 1]) expect(await post(`{"update_id":${id}}`)).toBe(200);
  expect(handled.map((update) => (update as { update_id: number }).update_id)).toEqual([9, 7, 8, 1]);
});

test("closing ends what waits: Telegram will bring it to whoever listens next", async () => {
  hold = new Promise(() => undefined);
  const posted = post('{"update_id":7}');
  while (handled.length === 0) await settled();
  await server.close();
  expect(await posted).toBe(0);
  expect(await post('{"update_id":7}')).toBe(0);
});
