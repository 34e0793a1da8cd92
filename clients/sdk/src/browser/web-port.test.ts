import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfirmationServiceGetRequest } from "@countersign/proto/web/core/v1/confirmation_service";
import { TransactionServiceWatchRequest } from "@countersign/proto/web/core/v1/transaction_service";
import { afterEach, expect, test } from "@jest/globals";
import { GET_CONFIRMATION, WATCH_TRANSACTION } from "../methods.ts";
import { Token } from "../token.ts";
import { openCore } from "./open-core.ts";
import { webPort } from "./web-port.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function answering(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const get = (address: string, deadlineMs: number, signal?: AbortSignal): Promise<unknown> =>
  webPort(address).unary(GET_CONFIRMATION, ConfirmationServiceGetRequest.create(), {
    ...{ token: new Token("cs_conf_AAAAAAAAAAAAAAAAAAAAAAAA"), deadlineMs, signal },
  });

const watch = (address: string, silenceMs?: number, signal?: AbortSignal): AsyncGenerator<unknown, void> =>
  webPort(address).stream(WATCH_TRANSACTION, TransactionServiceWatchRequest.create(), {
    ...{ token: undefined, silenceMs, signal },
  });

test("an answer that does not come in time is DEADLINE_EXCEEDED, and the server knew the time", async () => {
  let timeout: unknown;
  const address = await answering(({ headers }) => void (timeout = headers["grpc-timeout"]));
  await expect(get(address, 50)).rejects.toMatchObject({ name: "CoreError", code: 4, isOutage: true });
  expect(timeout).toBe("50m");
});

test("an aborted call is CANCELLED", async () => {
  const stop = new AbortController();
  const address = await answering(() => stop.abort());
  await expect(get(address, 5_000, stop.signal)).rejects.toMatchObject({ code: 1 });
});

test.each([200, 404, 502])(
  "something else that answers in the core's place with %d is no answer of a core",
  async (code) => {
    const address = await answering((_request, response) => response.writeHead(code).end("<html>"));
    await expect(get(address, 5_000)).rejects.toMatchObject({ name: "CoreError", code: 14, isOutage: true });
  },
);

test("nobody there is an outage", async () => {
  const address = await answering(() => undefined);
  server?.close();
  server?.closeAllConnections();
  await expect(get(address, 5_000)).rejects.toMatchObject({ code: 14, isOutage: true });
});

test("a stream in which nothing comes for long ends as silent", async () => {
  const address = await answering((_request, response) => {
    response.writeHead(200, { "content-type": "application/grpc-web+proto" }).flushHeaders();
  });
  await expect(watch(address, 50).next()).rejects.toMatchObject({ code: 14, reason: "SILENT" });
});

test("a stream that is aborted while nothing comes ends at once", async () => {
  const stop = new AbortController();
  const address = await answering(() => stop.abort());
  await expect(watch(address, undefined, stop.signal).next()).rejects.toMatchObject({ code: 1 });
});

test.each(["core.example.org", "", "ftp:/x"])("an address that is no origin is named: %j", (address) => {
  expect(() => openCore({ address, token: undefined })).toThrow("is no origin");
});
