import { createServer, type Http2Server, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { Flag, frame, FrameReader, FrameType, headerBlock, settings } from "./frame.ts";
import { RawConnection } from "./raw-connection.ts";

let server: Http2Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))));

test("frames are cut wherever the chunks are", () => {
  const bytes = Buffer.concat([settings([3, 100]), frame(FrameType.PING, Flag.ACK, 0, Buffer.alloc(8, 7))]);
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new FrameReader();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...reader.read(bytes.subarray(at, at + size)));
    expect(found.map(({ type, flags, payload }) => [type, flags, payload.toString("hex")])).toEqual([
      [4, 0, "000300000064"],
      [6, 1, "0707070707070707"],
    ]);
  }
});

test("Node's server reads a request that was written by hand, whatever the length of its fields", async () => {
  const seen = Promise.withResolvers<IncomingHttpHeaders>();
  server = createServer();
  server.on("stream", (stream, headers) => {
    seen.resolve(headers);
    stream.respond({ ":status": 204 }, { endStream: true });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const raw = await RawConnection.open(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  const fields = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", "/x"],
    [":authority", "localhost"],
    ["x-long", "a".repeat(300)],
  ] as const;
  const flags = Flag.END_HEADERS | Flag.END_STREAM;
  await raw.write(frame(FrameType.HEADERS, flags, 1, headerBlock(fields)));
  expect(await seen.promise).toMatchObject({ ":path": "/x", "x-long": "a".repeat(300) });
  raw.destroy();
  await raw.closed;
  expect(raw.isOpen).toBe(false);
});
