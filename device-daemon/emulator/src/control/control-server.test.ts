import { existsSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { onSockets } from "../backend/plugs.ts";
import { Emulator } from "../emulator.ts";
import { MemoryKeyStore } from "../storage/key-store.ts";
import { FULL } from "../testing/bench.ts";
import { ControlServer } from "./control-server.ts";

const folder = tempFolder();
const socket = join(folder, "key.sock");
const emulator = new Emulator({ profile: FULL, store: new MemoryKeyStore(), plugs: onSockets({ vendor: socket }) });
const control = new ControlServer(emulator);
let url: string;

beforeAll(async () => {
  await emulator.plug();
  url = await control.listen(0);
});

afterAll(async () => {
  await Promise.all([control.close(), emulator.unplug()]);
});

async function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url + path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
}

// fetch sets Host by itself, so a foreign one is sent by hand.
async function statusWithHost(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/screen`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("error", reject).end();
  });
}

test("the screen has page, rows, lights and version", async () => {
  const screen = (await (await fetch(`${url}/screen`)).json()) as Record<string, unknown>;
  expect(screen).toEqual({
    page: "idle",
    rows: expect.arrayContaining(["COUNTERSIGN          "]),
    lights: { pin: false, code: false, busy: false },
    version: expect.any(Number),
  });
});

test("a long poll answers at the next change", async () => {
  const { version } = emulator.board.shown;
  const next = fetch(`${url}/screen?after=${version}`).then(async (response) => response.json());
  await emulator.unplug();
  expect(await next).toMatchObject({ page: "unplugged", rows: [] });
  await post("/plug", "{}");
  expect(emulator.board.shown.page).toBe("idle");
});

test.each([
  ["an unknown key", "/press", '{"key":"42"}'],
  ["no key", "/press", "{}"],
  ["null", "/press", "null"],
  ["no JSON", "/press", "{"],
  ["a long body", "/press", `{"key":"${"1".repeat(2000)}"}`],
  ["a finger that is no boolean", "/finger", '{"match":1}'],
  ["a finger with no name in its name", "/finger", '{"match":true,"name":""}'],
])("a press with %s is refused", async (_name, path, body) => {
  const response = await post(path, body);
  expect(response.status).toBe(400);
});

test("a version that is no number is refused, an unknown place is 404", async () => {
  expect((await fetch(`${url}/screen?after=x`)).status).toBe(400);
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  expect((await fetch(`${url}/../config.ts`)).status).toBe(404);
});

test("threat 17: a foreign Host, Origin or content type presses nothing", async () => {
  const { port } = new URL(url);
  expect(await statusWithHost(`127.0.0.1:${port}`)).toBe(200);
  expect(await statusWithHost(`localhost:${port}`)).toBe(200);
  for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", `127.0.0.1.nip.io:${port}`]) {
    expect(await statusWithHost(host)).toBe(421);
  }
  for (const origin of ["https://evil.example", "null", `http://localhost:${Number(port) + 1}`]) {
    expect((await post("/press", '{"key":"ok"}', { origin })).status).toBe(403);
  }
  for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
    expect((await post("/press", '{"key":"ok"}', { "content-type": type })).status).toBe(415);
  }
});

test("every answer forbids foreign scripts, frames and caches", async () => {
  for (const path of ["/", "/screen", "/key.js", "/nothing"]) {
    const { headers } = await fetch(url + path);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test("D10: unplug closes every opener at once, and a plugged key is there again", async () => {
  const opener = connect(socket);
  const closed = new Promise<string>((resolve) => opener.once("close", () => resolve("closed")));
  await new Promise<void>((resolve) => opener.once("connect", () => resolve()));
  await post("/unplug", "{}");
  expect(await closed).toBe("closed");
  expect(existsSync(socket)).toBe(false);
  await post("/plug", "{}");
  const again = connect(socket);
  const outcome = new Promise<string>((resolve) => {
    again.once("connect", () => resolve("connected")).once("error", (error) => resolve(error.message));
  });
  expect(await outcome).toBe("connected");
  again.destroy();
});
