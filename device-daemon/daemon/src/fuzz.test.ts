import { execFile } from "node:child_process";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { HidCommand } from "@countersign/key-protocol";
import { AT_ONCE_MS, type Child, ROOT, startChild, tempFolder } from "@countersign/testing";
import { HidBus } from "./hid/hid-bus.ts";
import { HidChannel } from "./hid/hid-channel.ts";
import { SocketTransport } from "./hid/socket-transport.ts";
import { HidSmartKey } from "./key/hid-smart-key.ts";
import { HostileKey } from "./testing/hostile-key.ts";

const run = promisify(execFile);
const folder = tempFolder();
let emulator: Child;

beforeAll(async () => {
  const key = ["--socket", join(folder, "key.sock"), "--store", join(folder, "key"), "--serial", "GOOD-1"];
  emulator = await startChild("device-daemon/emulator/src/main.ts", key);
}, 400_000);

afterAll(async () => {
  await emulator.stop();
});

async function busTo(socket: string): Promise<HidBus> {
  return new HidBus(await SocketTransport.connect(join(folder, socket)));
}

interface Memory {
  readonly rss: number;
  readonly live: number;
}

/** The last line of fuzz-hid-main.ts. */
interface Figures {
  readonly sent: number;
  readonly first: Memory;
  readonly last: Memory;
  readonly failures: readonly (readonly [string, number])[];
}

// The young generation has a fixed size, so that RSS does not follow the engine's guesses about it.
const STEADY = ["--conditions=source", "--expose-gc", "--min-semi-space-size=4", "--max-semi-space-size=4"];

test("threat 18: 10^6 mutated reports: no crash, and memory at the end is that after the first tenth + 5 %", async () => {
  const main = "device-daemon/daemon/src/testing/fuzz-hid-main.ts";
  const { stdout } = await run(process.execPath, [...STEADY, main, "1", "1000000"], { cwd: ROOT });
  const { sent, first, last, failures } = JSON.parse(stdout) as Figures;
  expect(sent).toBeGreaterThanOrEqual(1_000_000);
  expect(last.rss).toBeLessThanOrEqual(first.rss * 1.05);
  expect(last.live).toBeLessThanOrEqual(first.live * 1.05);
  // It reached what it was meant to reach: requests broke by the thousand, and some answers were read as refusals.
  const counts = new Map(failures);
  expect(counts.get("LinkError")).toBeGreaterThan(1_000);
  expect(counts.get("KeyRefusal")).toBeGreaterThan(0);
  expect([...counts.keys()].filter((name) => !["LinkError", "KeyRefusal"].includes(name))).toEqual([]);
}, 660_000);

const ROUNDS = 11;
const REQUESTS = 300;
/** Bytes of a large `present`, there and back. */
const PAYLOAD = new Uint8Array(1_700);
/** A full-speed USB device has one report a millisecond and no more; this one sends four. */
const REPORTS_A_MS = 4;

/** The time that 99 of 100 requests to the good key take at most, in milliseconds. */
async function p99(key: HidChannel): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < REQUESTS; at++) {
    const from = performance.now();
    await key.ask(HidCommand.PING, PAYLOAD, { signal: AbortSignal.timeout(AT_ONCE_MS) });
    times.push(performance.now() - from);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(REQUESTS * 0.99)] ?? Infinity;
}

/** Something asks the hostile key, too, so that its reports meet requests that wait. */
async function askForEver(hostile: HostileKey): Promise<void> {
  const channel = await HidChannel.open(new HidBus(hostile)).catch(() => undefined);
  while (!hostile.closed) {
    const signal = AbortSignal.timeout(1_000);
    await channel?.ask(HidCommand.PING, new Uint8Array(1_000), { signal }).catch(() => undefined);
  }
}

async function besideFlood(key: HidChannel, seed: number): Promise<number> {
  const hostile = new HostileKey(seed);
  const asking = askForEver(hostile);
  let last = performance.now();
  const flood = setInterval(() => {
    const now = performance.now();
    hostile.flood(Math.min(200, Math.ceil((now - last) * REPORTS_A_MS)));
    last = now;
  }, 1);
  try {
    return await p99(key);
  } finally {
    clearInterval(flood);
    hostile.close();
    await asking;
  }
}

// Rounds with and without the flood take turns. Whatever else the machine does only adds to a round's p99, and a flood
// that blocks the loop adds to every round's: so the quietest round of each kind is compared.
test("threat 18: another key's p99 stays below twice what it is without the flood", async () => {
  const bus = await busTo("key.sock");
  const key = await HidChannel.open(bus);
  await p99(key);
  const alone: number[] = [];
  const beside: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(await p99(key));
    beside.push(await besideFlood(key, round));
  }
  bus.close();
  expect(Math.min(...beside)).toBeLessThan(2 * Math.min(...alone));
}, 660_000);

test("threat 18: a key that sends one byte a second counts as gone, while another is served", async () => {
  const path = join(folder, "slow.sock");
  const ends: Socket[] = [];
  const slow = createServer((socket) => ends.push(socket.on("error", () => socket.destroy())));
  await new Promise<void>((resolve) => slow.listen(path, resolve));
  const drip = setInterval(() => ends.forEach((end) => end.write(Uint8Array.of(0xff))), 1_000);
  const opening = HidSmartKey.connect(await busTo("slow.sock")).catch((cause: unknown) => cause);
  const bus = await busTo("key.sock");
  const good = await HidSmartKey.connect(bus);
  expect(await good.info({ signal: AbortSignal.timeout(AT_ONCE_MS) })).toMatchObject({ serial: "GOOD-1" });
  const outcome = await Promise.race([opening, sleep(2 * AT_ONCE_MS, "hangs", { ref: false })]);
  expect(outcome).toMatchObject({ fault: "left" });
  clearInterval(drip);
  bus.close();
  for (const end of ends) end.destroy();
  await new Promise<void>((resolve) => slow.close(() => resolve()));
}, 400_000);
