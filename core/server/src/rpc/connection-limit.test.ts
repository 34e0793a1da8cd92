import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { limitConnections } from "./connection-limit.ts";

const servers: Server[] = [];
const sockets: Socket[] = [];
let lift: () => void;

async function listen(): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write("hello");
  });
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** "in" once it was greeted, "ended" when it was not. */
async function call(port: number, from = "127.0.0.1"): Promise<readonly [string, Socket]> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  sockets.push(socket);
  socket.on("error", () => undefined);
  let greeted = false;
  socket.once("data", () => (greeted = true));
  await Promise.race([once(socket, "data"), once(socket, "close")]);
  return [greeted && !socket.destroyed ? "in" : "ended", socket];
}

let port: number;
beforeEach(async () => {
  port = await listen();
  lift = limitConnections(port, 2);
});
afterEach(async () => {
  lift();
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

test("one too many is ended, those before it stay, and a place that gets free is taken again", async () => {
  const [, first] = await call(port);
  expect((await call(port))[0]).toBe("in");
  const [, third] = await call(port);
  if (!third.destroyed) await once(third, "close");
  expect(first.destroyed).toBe(false);
  first.destroy();
  for (;;) {
    const [how, socket] = await call(port);
    const stays = how === "in" && (await Promise.race([once(socket, "close"), turns()])) === "stays";
    if (stays) break;
  }
});

test("who has most loses his newest to somebody else, and nobody loses his only one", async () => {
  const [, oldest] = await call(port, "127.0.0.2");
  const [, newest] = await call(port, "127.0.0.2");
  expect((await call(port, "127.0.0.3"))[0]).toBe("in");
  if (!newest.destroyed) await once(newest, "close");
  const [, late] = await call(port, "127.0.0.4");
  if (!late.destroyed) await once(late, "close");
  expect(oldest.destroyed).toBe(false);
});

test("other ports are nobody's business, and a limit that is lifted is none", async () => {
  const other = await listen();
  for (let i = 0; i < 4; i++) expect((await call(other))[0]).toBe("in");
  lift();
  for (let i = 0; i < 4; i++) expect((await call(port))[0]).toBe("in");
});

async function turns(): Promise<string> {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  return "stays";
}
