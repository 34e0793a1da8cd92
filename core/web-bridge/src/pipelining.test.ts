import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ask, type BridgeRig, frameOf, startBridge } from "./testing/bridge-rig.ts";

let rig: BridgeRig;
beforeEach(async () => {
  rig = await startBridge({}, { maxCalls: 8 });
});
afterEach(() => rig.stop());

/** Calls on one connection, none of which waits for the answer before it; leaves once as many arrived. */
async function pipeline(name: string, texts: readonly string[]): Promise<void> {
  const head = `POST /sample.v1.SampleService/${name} HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc-web+proto\r\n`;
  const calls = texts.map((text) => {
    const body = frameOf(text);
    return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]);
  });
  const socket = connect(rig.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(Buffer.concat(calls));
  while (rig.happened.peers.length < texts.length) await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
}

/** So many calls that are never answered, then some that would be. */
const queue = (held: string, answered: string, count: number): string[] => [
  ...Array<string>(count).fill(held),
  ...Array<string>(8 - count).fill(answered),
];

test.each([
  ["One", queue("never", "hi", 8)],
  ["One", queue("never", "hi", 1)],
  ["Many", queue("hold 1", "count 1", 8)],
  ["Many", queue("hold 1", "count 1", 1)],
])(
  "threat 20: who sends calls of %s at once and leaves, whatever became of them, keeps no place: %j",
  async (name, texts) => {
    await pipeline(name, texts);
    let said = "";
    for (let i = 0; i < 200 && !said.includes("hi!"); i++) said = (await ask(rig)).body.toString();
    expect(said).toContain("hi!");
    const full = await Promise.all(Array.from({ length: 8 }, () => ask(rig)));
    for (const { body } of full) expect(body.toString()).toContain("hi!");
  },
);

test("every call knows who called, also one that waits behind another", async () => {
  await pipeline("One", queue("never", "hi", 1));
  expect(new Set(rig.happened.peers).size).toBe(1);
  expect(rig.happened.peers[0]).toMatch(/^127\.0\.0\.1:\d{2,5}$/);
});

test("one connection has so many calls at a time, and is ended with the next: others keep their places", async () => {
  await rig.stop();
  rig = await startBridge({}, { maxCalls: 256 });
  const body = frameOf("never");
  const head = `POST /sample.v1.SampleService/One HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc-web+proto\r\n`;
  const call = Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]);
  const socket = connect(rig.port, "127.0.0.1");
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(Buffer.concat(Array<Buffer>(17).fill(call)));
  await closed;
  expect(rig.happened.peers.length).toBeLessThanOrEqual(16);
  expect((await ask(rig)).body.toString()).toContain("hi!");
});
