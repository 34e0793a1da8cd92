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
async function call(port: number): Promise<readonly [string, Socket]> {
  const socket = connect(port, "127.0.0.1");
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
