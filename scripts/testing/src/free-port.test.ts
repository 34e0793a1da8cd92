import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, test } from "@jest/globals";
import { freePort } from "./free-port.ts";

test("no port is given out twice, and each can be listened on", async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
  for (const port of ports) {
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
    await once(server, "close");
  }
});

test("nobody listens on it, nor on the one that is reserved with it", async () => {
  const port = await freePort(10_000);
  for (const each of [port, port + 10_000]) {
    const [refused] = (await once(connect(each, "127.0.0.1"), "error")) as [Error];
    expect(refused).toMatchObject({ code: "ECONNREFUSED" });
  }
});
