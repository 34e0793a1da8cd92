import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { encodeInitAnswer, encodeMessage, HidCommand, Reassembler } from "@countersign/key-protocol";
import { afterRunning } from "./after-running.ts";
import { HidBus } from "./hid-bus.ts";
import { HidChannel } from "./hid-channel.ts";
import { SocketTransport } from "./socket-transport.ts";

const folder = tempFolder();

/** As a process that is stopped, or a PC that sleeps. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test("it is over in the end, and never once it was stopped", async () => {
  let stopped = true;
  afterRunning(20, () => (stopped = false))();
  await new Promise<void>((resolve) => afterRunning(50, resolve));
  expect(stopped).toBe(true);
});

test("time in which the process did not run counts as a tenth at most", async () => {
  let isOver = false;
  const end = new Promise<void>((resolve) => {
    afterRunning(200, () => {
      isOver = true;
      resolve();
    });
  });
  standStill(600);
  for (let turns = 0; turns < 3; turns++) await nextTurn();
  expect(isOver).toBe(false);
  await end;
});

/** The key's end of a socket, and ours. */
async function plugged(path: string): Promise<readonly [Socket, HidBus]> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const met = once(server, "connection") as Promise<[Socket]>;
  const bus = new HidBus(await SocketTransport.connect(path));
  const [key] = await met;
  server.close();
  return [key, bus];
}

test("D11: a daemon that stood still for longer than a key may be silent has its answer, which was there in time", async () => {
  const [key, bus] = await plugged(join(folder, "key.sock"));
  const channels = new Map([0xffffffff, 7].map((channel) => [channel, new Reassembler(channel)]));
  key.on("data", (chunk: Buffer) => {
    const message = channels.get(chunk.readUInt32BE(0))?.accept(new Uint8Array(chunk));
    if (message?.command === HidCommand.INIT) {
      const answer = { nonce: message.payload, channel: 7, version: [1, 0, 0], capabilities: 0 } as const;
      for (const report of encodeMessage(0xffffffff, HidCommand.INIT, encodeInitAnswer(answer))) key.write(report);
    } else if (message !== undefined) {
      for (const report of encodeMessage(7, message.command, message.payload)) key.write(report);
      standStill(1_500);
    }
  });
  const channel = await HidChannel.open(bus);
  const watch = { signal: new AbortController().signal };
  expect(await channel.ask(HidCommand.PING, Uint8Array.of(1, 2, 3), watch)).toEqual(Uint8Array.of(1, 2, 3));
  bus.close();
  key.destroy();
});
