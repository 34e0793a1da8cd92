// Against Node's own HTTP/2 server, with frames that no client library sends. The guard's clock stands still.
import { createServer, type Http2Server } from "node:http2";
import { type AddressInfo, createServer as createListener, type Server } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Flag, frame, FrameType, headerBlock, RawConnection, u32be } from "@countersign/testing";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { FloodGuard } from "./flood-guard.ts";
import { BLAME_MS, FEW, NETWORK_MOST, WASTE_BYTES } from "./waste.ts";

const STREAMS = 10;
const MOST = 2 * STREAMS;
const FLOODER = "127.0.0.2";
const QUIET = "127.0.0.3";
const ENHANCE_YOUR_CALM = 11;
const PATH_FIELDS = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/x"],
  [":authority", "localhost"],
] as const;

let http2: Http2Server;
let listener: Server;
let guard: FloodGuard;
let nowMs: number;
let flooded: number;
/** Streams that got as far as the server. */
let streams: number;
const open: RawConnection[] = [];

beforeEach(async () => {
  [nowMs, flooded, streams] = [0, 0, 0];
  const told = { curbed: () => void (flooded += 1) };
  guard = new FloodGuard(STREAMS, told, () => nowMs);
  http2 = createServer();
  http2.on("stream", (stream, headers) => {
    streams += 1;
    stream.on("error", () => undefined);
    if (headers[":path"] === "/open") stream.respond({ ":status": 200 });
    stream.on("end", () => {
      if (stream.closed || stream.headersSent) return;
      stream.respond({ ":status": 200 });
      stream.end();
    });
    stream.resume();
  });
  listener = createListener((socket) => {
    socket.on("error", () => undefined);
    guard.watch(socket);
    http2.emit("connection", socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  for (const raw of open.splice(0)) raw.destroy();
  guard.endAll();
  guard.close();
  await new Promise((resolve) => listener.close(resolve));
});

async function connect(from: string): Promise<RawConnection> {
  const { port } = listener.address() as AddressInfo;
  const raw = await RawConnection.open(`127.0.0.1:${port}`, { from });
  open.push(raw);
  return raw;
}

function head(n: number, flags: number = Flag.END_HEADERS): Buffer {
  return frame(FrameType.HEADERS, flags, 2 * n + 1, headerBlock(PATH_FIELDS));
}

function reset(n: number, code = 8): Buffer {
  return frame(FrameType.RST_STREAM, 0, 2 * n + 1, u32be(code));
}

/** Streams of one connection, `count` of them from number `from` on, in one piece. */
function many(count: number, from: number, piece: (n: number) => readonly Buffer[]): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => piece(from + i)).flat());
}

const given = (n: number): readonly Buffer[] => [head(n), reset(n)];

/** True once all that was written has been read and the connection is still there; false once it is over. */
async function stays(raw: RawConnection): Promise<boolean> {
  const before = raw.received(FrameType.PING);
  await raw.write(frame(FrameType.PING, 0, 0, Buffer.alloc(8)));
  while (raw.isOpen && raw.received(FrameType.PING) === before) await turn();
  return raw.isOpen;
}

/** Whole calls, each answered. */
async function callsAreAnswered(raw: RawConnection, count: number, from: number): Promise<void> {
  for (let n = from; n < from + count; n++) {
    const before = raw.received(FrameType.HEADERS);
    await raw.write(head(n, Flag.END_HEADERS | Flag.END_STREAM));
    while (raw.isOpen && raw.received(FrameType.HEADERS) === before) await turn();
  }
}

async function flood(): Promise<void> {
  const raw = await connect(FLOODER);
  await raw.write(many(MOST + 1, 0, given));
  await raw.closed;
}

describe("a connection", () => {
  test("may give up all that it may have open, twice; after one more it ends, and says why", async () => {
    const raw = await connect(FLOODER);
    await raw.write(many(MOST, 0, given));
    expect(await stays(raw)).toBe(true);
    expect(guard.isBlamed(FLOODER)).toBe(false);
    await raw.write(many(1, MOST, given));
    expect(await stays(raw)).toBe(false);
    expect(raw.last(FrameType.GOAWAY)?.readUInt32BE(4)).toBe(ENHANCE_YOUR_CALM);
    expect([flooded, guard.isBlamed(FLOODER), guard.isBlamed(QUIET)]).toEqual([1, true, false]);
  });

  test("of what was read with the one that ended it nothing reaches the server", async () => {
    const raw = await connect(FLOODER);
    await raw.write(many(1000, 0, given));
    await raw.closed;
    expect(streams).toBeLessThanOrEqual(MOST + 1);
  });

  test.each([
    ["reset without an error", (n: number) => [head(n), reset(n, 0)]],
    ["given up when all of the request was there", (n: number) => [head(n, 5), reset(n)]],
  ])("ends also for streams that were %s", async (_how, piece) => {
    const raw = await connect(FLOODER);
    await raw.write(many(MOST + 1, 0, piece));
    await raw.closed;
    expect(flooded).toBe(1);
  });

  test("never ends for calls that were answered", async () => {
    const raw = await connect(QUIET);
    await callsAreAnswered(raw, 5 * MOST, 0);
    expect(await stays(raw)).toBe(true);
    expect(streams).toBe(5 * MOST);
  });

  test("is forgiven what lies back", async () => {
    const raw = await connect(FLOODER);
    for (let i = 0; i < 10; i++) {
      await raw.write(many(MOST, i * MOST, given));
      expect(await stays(raw)).toBe(true);
      nowMs += 1000;
    }
    expect(flooded).toBe(0);
  });
});

describe("bytes that become no call", () => {
  const giant = headerBlock([
    ...PATH_FIELDS,
    ...Array.from({ length: 48 }, (_, i) => [`x-${i}`, "g".repeat(300)] as const),
  ]);

  test("end a connection that sends more of them than its calls could have", async () => {
    const raw = await connect(FLOODER);
    const heads = Math.ceil((2 * MOST * WASTE_BYTES) / giant.length);
    await raw.write(many(heads, 0, (n) => [frame(FrameType.HEADERS, Flag.END_HEADERS, 2 * n + 1, giant)]));
    while (raw.isOpen) {
      guard.countBytes();
      await turn();
    }
    expect([flooded, guard.isBlamed(FLOODER)]).toEqual([1, true]);
  });

  test("are none where each call was answered", async () => {
    const raw = await connect(QUIET);
    for (let i = 0; i < 10; i++) {
      await callsAreAnswered(raw, MOST, i * MOST);
      guard.countBytes();
    }
    expect([await stays(raw), flooded]).toEqual([true, 0]);
  });
});

describe("beside a flood", () => {
  test("other networks have what they always have, for their open connections and for new ones", async () => {
    const before = await connect(QUIET);
    await flood();
    for (const raw of [before, await connect(QUIET)]) {
      await raw.write(many(STREAMS, 0, given));
      expect(await stays(raw)).toBe(true);
    }
  });

  test("a neighbour keeps his connection, calls as before and may give up a few", async () => {
    const neighbour = await connect(FLOODER);
    await flood();
    const few = Math.min(FEW, MOST);
    await neighbour.write(many(few, 0, given));
    expect(await stays(neighbour)).toBe(true);
    await callsAreAnswered(neighbour, 3 * MOST, few);
    expect(await stays(neighbour)).toBe(true);
    nowMs = BLAME_MS;
    expect(guard.isBlamed(FLOODER)).toBe(false);
  });
});

test("who comes again and again and calls nothing is a flood, too; who calls may come as often as he likes", async () => {
  // Also a stream that is open until the connection ends is a call.
  const openStream = headerBlock([...PATH_FIELDS.filter(([name]) => name !== ":path"), [":path", "/open"]]);
  const times = 2 * Math.ceil(NETWORK_MOST / 10);
  for (let i = 0; i < times; i++) {
    const useful = await connect(QUIET);
    if (i % 2 === 0) await callsAreAnswered(useful, 1, 0);
    else {
      await useful.write(frame(FrameType.HEADERS, Flag.END_HEADERS, 1, openStream));
      while (useful.isOpen && useful.received(FrameType.HEADERS) === 0) await turn();
    }
    const useless = await connect(FLOODER);
    expect(await stays(useless)).toBe(true);
    for (const raw of [useful, useless]) {
      raw.destroy();
      await raw.closed;
    }
  }
  while (!guard.isBlamed(FLOODER)) await turn();
  while ((await new Promise((resolve) => listener.getConnections((_, count) => resolve(count)))) !== 0) await turn();
  await turn();
  await turn();
  expect(guard.isBlamed(QUIET)).toBe(false);
});

test("connections that were not given to it are nobody's business, and a guard that is closed watches nothing", async () => {
  guard.close();
  const raw = await connect(FLOODER);
  await raw.write(many(2 * MOST, 0, given));
  expect(await stays(raw)).toBe(true);
  expect(flooded).toBe(0);
});
