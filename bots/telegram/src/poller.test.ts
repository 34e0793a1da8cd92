import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { Secret, type LogEvent } from "@countersign/bot-kit";
import { ManualTimer } from "@countersign/bot-kit/testing";
import { Poller } from "./poller.ts";
import { TelegramApi } from "./telegram-api.ts";

const over = new AbortController();
afterEach(() => over.abort());

/** A server that answers the first poll at once, then holds each until the test cuts it. */
async function cuttingServer(): Promise<{ root: string; held: () => Promise<ServerResponse>; stop: () => void }> {
  const waiting: ServerResponse[] = [];
  let arrived = Promise.withResolvers<void>();
  let polls = 0;
  const server = createServer((_request, response) => {
    polls += 1;
    if (polls === 1) response.end(JSON.stringify({ ok: true, result: [] }));
    else waiting.push(response);
    arrived.resolve();
    arrived = Promise.withResolvers();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    root: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    held: async () => {
      for (;;) {
        const response = waiting.shift();
        if (response !== undefined) return response;
        await arrived.promise;
      }
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

test("a poll that was held and then cut is asked again soon, however often: an idle line is no outage", async () => {
  const server = await cuttingServer();
  const timer = new ManualTimer();
  const waits: number[] = [];
  const logged = Promise.withResolvers<void>();
  const write = (event: LogEvent): void => {
    if (event.event === "listening-failed") waits.push(event.retryInMs);
    if (waits.length === 4) logged.resolve();
  };
  const api = new TelegramApi(new Secret("telegram token", "1:a"), server.root);
  const poller = new Poller({ api, handle: async () => undefined, timer, log: { write } });
  await poller.start(over.signal);
  for (let cut = 0; cut < 4; cut += 1) {
    const response = await server.held();
    await timer.advance(20_000);
    response.destroy();
    while (waits.length <= cut) await new Promise((resolve) => setImmediate(resolve));
    await timer.advance(waits.at(-1) ?? 0);
  }
  await logged.promise;
  expect(waits).toEqual([500, 500, 500, 500]);
  over.abort();
  await poller.ended();
  api.close();
  server.stop();
});
