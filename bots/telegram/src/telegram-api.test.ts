import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Secret } from "@countersign/bot-kit";
import { expect, test } from "@jest/globals";
import { TelegramApi } from "./telegram-api.ts";
import { FAKE_TOKEN, FakeBotApi } from "./testing/index.ts";

test("a root with a path keeps it, with or without a slash at its end", async () => {
  const paths: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url);
    response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true,"result":true}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix`;
  for (const apiRoot of [root, `${root}/`]) {
    await new TelegramApi(new Secret("telegram token", FAKE_TOKEN), apiRoot).call("deleteWebhook", {});
  }
  expect(paths).toEqual(Array.from({ length: 2 }, () => `/prefix/bot${FAKE_TOKEN}/deleteWebhook`));
  server.closeAllConnections();
  server.close();
});

test("the deadline of a call ends it, and its fate is unknown", async () => {
  const telegram = await FakeBotApi.start();
  telegram.faults.add({ method: "deleteWebhook", kind: "before" });
  const api = new TelegramApi(new Secret("telegram token", FAKE_TOKEN), telegram.apiRoot);
  let ended: unknown;
  // A deadline that passed before the call left says that it was not sent: the next one is longer.
  for (let ms = 50; telegram.history.length === 0; ms *= 4) {
    ended = await api.call("deleteWebhook", {}, undefined, ms).catch((error: unknown) => error);
  }
  expect(ended).toMatchObject({ fate: "unknown", detail: "timeout" });
  await telegram.stop();
});
