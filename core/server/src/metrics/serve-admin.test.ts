import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { Unready } from "./readiness.ts";
import { serveAdmin, sharing, type AdminServing } from "./serve-admin.ts";

let unready: readonly Unready[];
let text: () => Promise<string>;
let scrapes: number;
let serving: AdminServing;
const sockets: Socket[] = [];

beforeEach(async () => {
  unready = [];
  scrapes = 0;
  text = async () => "a 1\n";
  const metrics = {
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    text: () => {
      scrapes += 1;
      return text();
    },
  };
  const at = { listen: { host: "127.0.0.1", port: 0 }, tls: undefined };
  serving = await serveAdmin(at, { metrics, unready: async () => unready });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await serving.close();
});

const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(`http://${serving.address}${path}`, init);

async function open(): Promise<Socket> {
  const [host, port] = serving.address.split(":");
  const socket = connect(Number(port), host);
  sockets.push(socket);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** All that comes until the other end closes. */
async function untilClosed(socket: Socket): Promise<string> {
  let came = "";
  socket.on("data", (bytes: Buffer) => (came += bytes.toString("latin1")));
  await once(socket, "close");
  return came;
}

describe("pages", () => {
  test("metrics, as Prometheus reads them", async () => {
    const response = await ask("/metrics");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.text()).toBe("a 1\n");
  });

  test("health", async () => {
    expect((await ask("/healthz")).status).toBe(200);
  });

  test("readiness, and why not", async () => {
    expect((await ask("/readyz")).status).toBe(200);
    unready = ["draining"];
    const response = await ask("/readyz");
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, because: ["draining"] });
  });

  test("HEAD is GET without its body", async () => {
    const socket = await open();
    socket.write("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    const came = await untilClosed(socket);
    expect(came).toContain("HTTP/1.1 200 OK");
    expect(came).toContain("Content-Length: 4");
    expect(came.endsWith("\r\n\r\n")).toBe(true);
  });

  test("what fails says so, and the next one is tried anew", async () => {
    text = () => Promise.reject(new Error("secret"));
    const response = await ask("/metrics");
    expect(response.status).toBe(500);
    expect(await response.text()).toBe("failed\n");
    text = async () => "b 2\n";
    expect(await (await ask("/metrics")).text()).toBe("b 2\n");
  });
});

describe("nothing else", () => {
  test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])("%s is 405", async (method) => {
    const response = await ask("/metrics", { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(scrapes).toBe(0);
  });

  test.each(["/", "/metrics/", "/metrics?x", "/debug"])("%s is 404", async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  test("no page of another origin may read it", async () => {
    const response = await ask("/metrics", { headers: { Origin: "https://evil.example" } });
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("clients that cost", () => {
  test("a connection gets one answer", async () => {
    const socket = await open();
    socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50));
    expect((await untilClosed(socket)).match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  });

  test("who asks while the text is made gets the same text", async () => {
    const making = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    let made = 0;
    const shared = sharing(() => making[made++]?.promise ?? Promise.reject(new Error("made too often")));
    const both = Promise.all([shared(), shared()]);
    making[0]?.resolve("a");
    expect(await both).toEqual(["a", "a"]);
    const next = shared();
    making[1]?.resolve("b");
    expect(await next).toBe("b");
  });

  test("headers that are too long are refused", async () => {
    const socket = await open();
    socket.write(`GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(9000)}\r\n\r\n`);
    expect(await untilClosed(socket)).toContain("431");
  });

  test("a body that never ends ends the connection with its answer", async () => {
    const socket = await open();
    socket.write("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nx");
    expect(await untilClosed(socket)).toContain("405");
  });

  test("an answer that nobody takes is not kept", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask", "setImmediate", "performance"] });
    try {
      text = async () => "x".repeat(64 * 1024 * 1024);
      const socket = await open();
      const closed = once(socket, "close");
      socket.pause();
      socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
      await once(socket, "readable");
      jest.advanceTimersByTime(10_000);
      socket.resume();
      await closed;
      expect(socket.bytesRead).toBeLessThan(64 * 1024 * 1024);
    } finally {
      jest.useRealTimers();
    }
  });
});

test("closing does not wait for anybody", async () => {
  const socket = await open();
  const closed = once(socket, "close");
  await serving.close();
  await closed;
  expect(socket.destroyed).toBe(true);
});
