import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ask, type BridgeRig, frameOf, startBridge } from "./testing/bridge-rig.ts";

let rig: BridgeRig;
beforeAll(async () => {
  rig = await startBridge();
});
afterAll(() => rig.stop());

/** Sends bytes and ends; resolves with what came back. A reset is an answer, too. */
function send(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(rig.port, "127.0.0.1", () => socket.end(bytes));
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}

const body = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 0xffffffff }), fc.uint8Array({ maxLength: 32 }))
    .map(([flag, length, bytes]) => {
      const head = Buffer.alloc(5);
      head.writeUInt8(flag, 0);
      head.writeUInt32BE(length, 1);
      return Buffer.concat([head, bytes]);
    }),
  fc.string().map((text) => frameOf(text)),
);

test("threat 19: any body is answered by HTTP 200, 400 or 413, and the next caller is served", async () => {
  await fc.assert(
    fc.asyncProperty(body, fc.constantFrom("One", "Many", "Upload"), async (bytes, name) => {
      const { code } = await ask(rig, {
        path: `/sample.v1.SampleService/${name}`,
        body: bytes,
        headers: { "grpc-timeout": "50m" },
      });
      expect([200, 400, 413]).toContain(code);
    }),
    { numRuns: 1000 },
  );
  expect((await ask(rig)).body.toString()).toContain("hi!");
});

const line = fc.constantFrom(
  "POST /sample.v1.SampleService/One HTTP/1.1",
  "POST /sample.v1.SampleService/One HTTP/1.0",
  "GET / HTTP/1.1",
  "CONNECT 127.0.0.1:1 HTTP/1.1",
  "PRI * HTTP/2.0",
  "OPTIONS * HTTP/1.1",
);
const field = fc.constantFrom(
  "Host: x",
  "Host: x\r\nHost: y",
  "Content-Type: application/grpc-web+proto",
  "Content-Type: application/grpc-web-text+proto",
  "Content-Length: 7",
  "Content-Length: 7\r\nContent-Length: 8",
  "Content-Length: -1",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  "Connection: Upgrade\r\nUpgrade: websocket",
  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
  "Expect: 100-continue",
  "Expect: nonsense",
  "Origin: null",
  "grpc-timeout: 1n",
  "Authorization: \xff\xfe",
  `X: ${"a".repeat(20_000)}`,
  " folded",
);

test("threat 19: any request, cut anywhere, ends its own connection at most", async () => {
  await fc.assert(
    fc.asyncProperty(
      line,
      fc.array(field, { maxLength: 6 }),
      body,
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (first, fields, bytes, part) => {
        const head = Buffer.from(`${[first, ...fields].join("\r\n")}\r\n\r\n`, "latin1");
        const whole = Buffer.concat([head, bytes]);
        const answer = await send(whole.subarray(0, Math.ceil(whole.length * part)));
        expect(answer).toMatch(/^$|^HTTP\/1\.1 [1245]\d\d /);
      },
    ),
    { numRuns: 1000 },
  );
  expect((await ask(rig)).body.toString()).toContain("hi!");
});
