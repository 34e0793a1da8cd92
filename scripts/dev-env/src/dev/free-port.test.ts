import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { freePort } from "./free-port.ts";

/** A port that nobody had a moment ago. */
async function portOfNobody(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("who asks before the other listens gets another port", async () => {
  const wished = await portOfNobody();
  const one = await freePort(wished);
  const other = await freePort(wished);
  expect(one).not.toBe(other);
});

test("a port that somebody listens at is left to him", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(await freePort(port)).not.toBe(port);
  server.close();
});
