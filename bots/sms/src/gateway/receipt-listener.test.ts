import { createServer, Server } from "node:http";
import { afterEach, expect, jest, test } from "@jest/globals";
import { ReceiptListener } from "./receipt-listener.ts";

const listener = new ReceiptListener({ host: "127.0.0.1", port: 0 }, "s3cret", async () => 200);
afterEach(() => listener.stop());

const ask = async (port: number, path: string, init: RequestInit = {}): Promise<number> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, init)).status;

test("a connection that could not be accepted ends nothing", async () => {
  const listen = jest.spyOn(Server.prototype, "listen");
  const port = await listener.start();
  const server = listen.mock.contexts[0] as ReturnType<typeof createServer>;
  listen.mockRestore();
  expect(() => server.emit("error", new Error("accept EMFILE"))).not.toThrow();
  expect(await ask(port, "/s3cret")).toBe(200);
});

test("threat 16: without the path's secret there is nothing; what is no report is refused", async () => {
  const port = await listener.start();
  for (const path of ["/", "/S3cret", "/s3cret/", "/s3cre", "/s3crett", "/s3cret%00"]) {
    expect(await ask(port, path)).toBe(404);
  }
  const post = async (body: string, type = "application/json"): Promise<number> =>
    ask(port, "/s3cret", { method: "POST", body, headers: { "content-type": type } });
  expect(await post('{"toString":1,"__proto__":{"a":1},"a":{"toString":1}}')).toBe(400);
  for (const body of ["null", "[", '"x'.repeat(3)]) expect(await post(body)).toBe(400);
  expect(await post("x".repeat(20_000))).toBe(413);
  expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
});
