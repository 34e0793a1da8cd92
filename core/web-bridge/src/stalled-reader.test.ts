import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type BridgeRig, frameOf, startBridge } from "./testing/bridge-rig.ts";

let rig: BridgeRig;
let sockets: Socket[] = [];
beforeEach(async () => {
  rig = await startBridge({}, {}, { stalledMs: 200 });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await rig.stop();
});

/** One call of the streaming method, sent and not read. */
function call(text: string): Socket {
  const body = frameOf(text);
  const head = `POST /sample.v1.SampleService/Many HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc-web+proto\r\n`;
  const socket = connect(rig.port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => undefined);
  socket.pause();
  socket.write(Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]));
  return socket;
}

test("threat 20: who asks and takes no answer loses his connection; who listens to a quiet stream keeps it", async () => {
  const quiet = call("hold 1");
  let closed = false;
  quiet.on("close", () => (closed = true));
  await new Promise((resolve) => quiet.once("data", resolve).resume());
  const cancelled = new Promise<void>((resolve) => (rig.happened.onCancelled = resolve));
  call("large 10000");
  await cancelled;
  expect(rig.happened.written).toBeLessThan(10_000);
  // Its time came before that of the other one.
  expect([closed, rig.happened.cancelled]).toEqual([false, 1]);
});

test("a request that came while the server stood still is answered", async () => {
  await rig.stop();
  rig = await startBridge({}, {}, { stalledMs: 2_000 });
  const body = frameOf("hi");
  const head = `POST /sample.v1.SampleService/One HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc-web+proto\r\n`;
  const request = Buffer.from(`${head}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n`);
  const socket = connect(rig.port, "127.0.0.1", () => {
    socket.write(Buffer.concat([request, body]));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
  });
  sockets.push(socket);
  socket.on("error", () => undefined);
  let answer = "";
  socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
  await new Promise((resolve) => socket.once("close", resolve));
  expect(answer).toContain("hi!");
});
