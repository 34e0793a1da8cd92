import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ask, type BridgeRig, frameOf, ORIGIN, startBridge } from "./testing/bridge-rig.ts";

let rig: BridgeRig;
beforeAll(async () => {
  rig = await startBridge();
});
afterAll(() => rig.stop());

const DONE = frameOf("grpc-status:0\r\n", 0x80);

describe("one request", () => {
  test("is answered by its message and the trailers", async () => {
    const { code, headers, body } = await ask(rig, { headers: { origin: ORIGIN } });
    expect(code).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "application/grpc-web+proto",
      "access-control-allow-origin": ORIGIN,
      vary: "Origin",
      "cache-control": "no-store",
    });
    expect(headers).not.toHaveProperty("access-control-allow-credentials");
    expect(headers).not.toHaveProperty("set-cookie");
    expect(body).toEqual(Buffer.concat([frameOf("hi!"), DONE]));
  });

  test("in base64 is answered in base64", async () => {
    const body = Buffer.from(frameOf("hi").toString("base64"));
    const answered = await ask(rig, { headers: { "content-type": "application/grpc-web-text+proto" }, body });
    expect(answered.headers["content-type"]).toBe("application/grpc-web-text+proto");
    expect(Buffer.from(answered.body.toString(), "base64")).toEqual(Buffer.concat([frameOf("hi!"), DONE]));
  });

  test.each([
    ["no frame", Buffer.from("hello, this is no frame"), {}, 400],
    ["no body", Buffer.alloc(0), {}, 400],
    ["two frames", Buffer.concat([frameOf("a"), frameOf("b")]), {}, 400],
    ["a compressed frame", frameOf("a", 1), {}, 400],
    ["no base64", frameOf("a"), { "content-type": "application/grpc-web-text+proto" }, 400],
    ["a timeout that is none", frameOf("a"), { "grpc-timeout": "soon" }, 400],
    ["two timeouts", frameOf("a"), { "grpc-timeout": ["1S", "2S"] }, 400],
    ["more than the longest message", frameOf("a".repeat(64 * 1024 + 1)), {}, 413],
    ["the same without saying so first", frameOf("a".repeat(64 * 1024 + 1)), { "transfer-encoding": "chunked" }, 413],
    ["a foreign origin", frameOf("a"), { origin: "https://evil.example" }, 403],
    ["text", frameOf("a"), { "content-type": "text/plain" }, 415],
  ])("with %s is refused in HTTP and reaches no method", async (_name, body, headers, code) => {
    const before = rig.happened.peers.length;
    const answered = await ask(rig, { body, headers });
    expect(answered.code).toBe(code);
    expect(answered.headers.vary).toBe("Origin");
    expect(rig.happened.peers.length).toBe(before);
  });

  test("of another method than POST is told which ones there are", async () => {
    const { code, headers } = await ask(rig, { method: "GET", body: Buffer.alloc(0) });
    expect([code, headers["allow"]]).toEqual([405, "POST, OPTIONS"]);
  });

  test.each(["/sample.v1.SampleService/Nowhere", "/other.v1.Service/One", "/sample.v1.SampleService/Upload"])(
    "for %s, which has no method here, is UNIMPLEMENTED",
    async (path) => {
      const { code, body } = await ask(rig, { path });
      expect([code, body.toString()]).toEqual([200, expect.stringContaining("grpc-status:12")]);
    },
  );

  test("that cannot be decoded is INTERNAL", async () => {
    const { body } = await ask(rig, { body: Buffer.from([0, 0, 0, 0, 1, 0xff]) });
    expect(body.toString()).toContain("grpc-status:13");
  });

  test("whose time is over before it began does not reach the method", async () => {
    const before = rig.happened.peers.length;
    const { body } = await ask(rig, { headers: { "grpc-timeout": "10u" } });
    expect(body.toString()).toContain("grpc-status:4");
    expect(rig.happened.peers.length).toBe(before);
  });
});

test("a preflight is answered for a listed origin, and refused for others", async () => {
  const asked = { "access-control-request-method": "POST", "access-control-request-private-network": "true" };
  const listed = await ask(rig, { method: "OPTIONS", headers: { ...asked, origin: ORIGIN }, body: Buffer.alloc(0) });
  expect([listed.code, listed.body.length]).toEqual([204, 0]);
  expect(listed.headers).toMatchObject({
    "access-control-allow-origin": ORIGIN,
    "access-control-allow-methods": "POST",
    "access-control-allow-private-network": "true",
    vary: "Origin",
  });
  const foreign = await ask(rig, {
    method: "OPTIONS",
    headers: { ...asked, origin: "https://evil.example" },
    body: Buffer.alloc(0),
  });
  expect(foreign.code).toBe(403);
  expect(Object.keys(foreign.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("metadata is what services read: no cookies, nothing hop by hop; a doubled token arrives as two", async () => {
  const headers = {
    origin: ORIGIN,
    authorization: "Bearer abc",
    traceparent: "00-1-2-01",
    cookie: "session=1",
    "x-custom": "1",
    te: "trailers",
    "x-forwarded-for": "10.0.0.1",
  };
  await ask(rig, { headers });
  expect(rig.happened.metadata.at(-1)?.getMap()).toEqual({
    origin: ORIGIN,
    authorization: "Bearer abc",
    traceparent: "00-1-2-01",
  });
  await ask(rig, { headers: { authorization: ["Bearer a", "Bearer b"] } });
  expect(rig.happened.metadata.at(-1)?.get("authorization")).toEqual(["Bearer a", "Bearer b"]);
});

describe("who is let in", () => {
  test("a refusal of admission is the call's status, before the path is looked up", async () => {
    const strict = await startBridge({}, { admit: () => ({ code: 16, details: "no token" }) });
    for (const path of ["/sample.v1.SampleService/One", "/sample.v1.SampleService/Nowhere"]) {
      expect((await ask(strict, { path })).body.toString()).toContain("grpc-status:16\r\ngrpc-message:no token");
    }
    expect(strict.happened.peers).toEqual([]);
    await strict.stop();
  });

  test("a caller is called what admission calls him; when it ends his calls end with its reason", async () => {
    const leaving = new AbortController();
    const named = await startBridge({}, { admit: () => ({ peer: "page-1", ended: leaving.signal }) });
    const asking = ask(named, { path: "/sample.v1.SampleService/Many", body: frameOf("open") });
    while (named.happened.peers.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const cancelled = new Promise<void>((resolve) => (named.happened.onCancelled = resolve));
    leaving.abort({ code: 16, details: "the pairing was ended" });
    expect((await asking).body.toString()).toContain("grpc-message:the pairing was ended");
    await cancelled;
    expect(named.happened.peers).toEqual(["page-1"]);
    await named.stop();
  });

  test("methods that are not offered are not there", async () => {
    const narrow = await startBridge({}, { offered: (path) => path.endsWith("/Many") });
    expect((await ask(narrow)).body.toString()).toContain("grpc-status:12");
    await narrow.stop();
  });

  test("calls beyond the limit are RESOURCE_EXHAUSTED, and a place is free again when one ends", async () => {
    const small = await startBridge({}, { maxCalls: 1 });
    const cancelled = new Promise<void>((resolve) => (small.happened.onCancelled = resolve));
    const leaving = new AbortController();
    const open = fetch(`${small.url}/sample.v1.SampleService/Many`, {
      method: "POST",
      headers: { "content-type": "application/grpc-web+proto" },
      body: new Uint8Array(frameOf("open")),
      signal: leaving.signal,
    });
    await open;
    expect((await ask(small)).body.toString()).toContain("grpc-status:8");
    leaving.abort();
    await cancelled;
    expect((await ask(small)).body.toString()).toContain("grpc-status:0");
    await small.stop();
  });
});

/** Sends bytes as they are; resolves with all that came back once the server has closed. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

const UPGRADE =
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

test.each([
  ["of a listed origin", `Host: x\r\nOrigin: ${ORIGIN}\r\n`, "HTTP/1.1 426 "],
  ["of a foreign origin", "Host: x\r\nOrigin: https://evil.example\r\n", "HTTP/1.1 403 "],
  ["of no origin", "Host: x\r\n", "HTTP/1.1 426 "],
])("a WebSocket upgrade %s is refused and its connection closed", async (_name, fields, line) => {
  const answer = await raw(rig.port, `GET /sample.v1.SampleService/One HTTP/1.1\r\n${fields}${UPGRADE}`);
  expect(answer.startsWith(line)).toBe(true);
  expect(answer).toContain("Connection: close");
});
