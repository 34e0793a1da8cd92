import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type BridgeRig, frameOf, startBridge } from "./testing/bridge-rig.ts";
import { sampleClient } from "./testing/sample-client.ts";

let rig: BridgeRig;
beforeAll(async () => {
  rig = await startBridge();
});
afterAll(() => rig.stop());

const MESSAGES = 4000;
const SIZE = 16 * 1024;
/** Bytes that buffers of both kernels and of one stream may take in. */
const ROOM = 16 * 1024 * 1024;

test("who reads slowly holds the method up: what waits in memory stays small, and all of it arrives", async () => {
  const body = frameOf(`large ${MESSAGES}`);
  const socket = connect(rig.port, "127.0.0.1");
  socket.write(
    `POST /sample.v1.SampleService/Many HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc-web+proto\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
  );
  socket.write(body);
  socket.pause();
  // The method writes until both kernels' buffers and its own stream are full, then waits.
  let seen = -1;
  while (rig.happened.written !== seen || seen < 1) {
    seen = rig.happened.written;
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(seen * SIZE).toBeLessThan(ROOM);
  // Counted, not measured: what the process holds also depends on when its garbage is collected.
  let [received, mostWaiting] = [0, 0];
  socket.on("data", (chunk) => {
    received += chunk.length;
    mostWaiting = Math.max(mostWaiting, rig.happened.written * SIZE - received);
  });
  socket.resume();
  await new Promise((resolve) => socket.on("close", resolve));
  expect(rig.happened.written).toBe(MESSAGES);
  expect(received).toBeGreaterThan(MESSAGES * SIZE);
  expect(mostWaiting).toBeLessThan(ROOM);
});

test("a client that leaves while the method waits for room frees it", async () => {
  const leaving = new AbortController();
  const cancelled = new Promise<void>((resolve) => (rig.happened.onCancelled = resolve));
  const read = async (): Promise<void> => {
    for await (const _ of sampleClient(rig.url).many({ text: `large ${MESSAGES}` }, { signal: leaving.signal })) {
      leaving.abort();
    }
  };
  await expect(read()).rejects.toThrow("aborted");
  await cancelled;
});
