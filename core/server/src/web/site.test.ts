import { mkdirSync, writeFileSync } from "node:fs";
import { get, request } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { tempFolder } from "@countersign/testing";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { servicesOf } from "../services.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { consoleFolder, consoleOrigins } from "./console-place.ts";
import { serveWeb, type WebServing } from "./serve-web.ts";
import { Site } from "./site.ts";

const folder = tempFolder();
const site = join(folder, "site");
const PAGE = "https://bank.example";
let world: CoreWorld;
let web: WebServing;

beforeAll(async () => {
  mkdirSync(join(site, "assets"), { recursive: true });
  writeFileSync(join(site, "index.html"), "<!doctype html><title>console</title>");
  writeFileSync(join(site, "assets", "index-AbC123.js"), "export {};\n".repeat(100));
  writeFileSync(join(site, "notes.txt"), "not of the site");
  writeFileSync(join(folder, "secret.html"), "secret");
  world = await CoreWorld.open();
  const listen = { host: "127.0.0.1", port: 0 };
  web = await serveWeb(servicesOf(world.given), { listen, origins: [PAGE], console: site, tls: undefined });
});
afterAll(async () => {
  await web.close(0);
  await world.given.store.close();
});

interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** As it stands: nothing of the path is tidied before it is sent. */
function ask(path: string, { method = "GET", headers = {}, body = Buffer.alloc(0) } = {}): Promise<Answer> {
  const [host, port] = web.address.split(":");
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        const told = response.headers as Answer["headers"];
        resolve({ code: response.statusCode ?? 0, headers: told, body: Buffer.concat(parts) });
      });
    });
    asked.on("error", reject).end(body);
  });
}

test("the page comes with a policy that lets it run what lies beside it, and is asked for anew each time", async () => {
  const { code, headers, body } = await ask("/console/");
  expect([code, body.toString()]).toEqual([200, "<!doctype html><title>console</title>"]);
  expect(headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
  });
  const policy = headers["content-security-policy"] ?? "";
  for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
    expect(policy).toContain(rule);
  }
  expect(policy).not.toMatch(/unsafe|\*(?!;|$)(?!.*127)/);
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(headers["access-control-allow-origin"]).toBeUndefined();
});

test("a file whose name has its hash is kept for ever, zipped for who takes it; one that is known is not told again", async () => {
  const path = "/console/assets/index-AbC123.js";
  const whole = await ask(path);
  expect(whole.headers["cache-control"]).toContain("immutable");
  const zipped = await ask(path, { headers: { "accept-encoding": "br, gzip" } });
  expect(zipped.headers["content-encoding"]).toBe("gzip");
  expect(gunzipSync(zipped.body)).toEqual(whole.body);
  expect((await ask(path, { headers: { "accept-encoding": "gzip;q=0" } })).headers["content-encoding"]).toBeUndefined();
  const etag = whole.headers["etag"] ?? "";
  const known = await ask(path, { headers: { "if-none-match": `"other", W/${etag}` } });
  expect([known.code, known.body.length]).toEqual([304, 0]);
  const head = await ask(path, { method: "HEAD" });
  expect([head.code, head.body.length, head.headers["content-length"]]).toEqual([200, 0, String(whole.body.length)]);
});

test.each([
  "/console/../secret.html",
  "/console/%2e%2e/secret.html",
  "/console/..%2fsecret.html",
  "/console/assets/../../secret.html",
  "/console//secret.html",
  "/console/assets\\..\\..\\secret.html",
  "/console/notes.txt",
  "/console/index.html%00.js",
  "/console/assets",
  "/console/__proto__",
])("%s is no page", async (path) => {
  const { code, body } = await ask(path);
  expect([code, body.toString()]).toEqual([404, "There is no such page.\n"]);
});

test("pages are read, not written; who comes to the root is led there", async () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    expect(await ask("/console/", { method })).toMatchObject({ code: 405, headers: { allow: "GET, HEAD" } });
  }
  for (const path of ["/", "/console", "/?a=b"]) {
    expect(await ask(path)).toMatchObject({ code: 302, headers: { location: "/console/" } });
  }
  expect((await ask("/console/?a=b")).code).toBe(200);
});

const WHO = "/countersign.admin.v1.AdminService/WhoAmI";
const BEGIN = "/countersign.admin.v1.AdminService/BeginLogin";
const call = async (path: string, origin?: string): Promise<readonly [number, string]> => {
  const headers = { "content-type": "application/grpc-web+proto", ...(origin === undefined ? {} : { origin }) };
  const { code, body } = await ask(path, { method: "POST", headers, body: Buffer.alloc(5) });
  return [code, /grpc-status:(\d+)/.exec(body.toString("latin1"))?.[1] ?? ""];
};

test("what is for administrators is there for the console's own pages alone, and they ask without CORS", async () => {
  const [, port = ""] = web.address.split(":");
  for (const own of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
    expect(await call(WHO, own)).toEqual([200, "16"]);
    expect(await call(BEGIN, own)).toEqual([200, "3"]);
  }
  for (const path of [WHO, BEGIN]) {
    expect(await call(path, PAGE)).toEqual([200, "12"]);
    expect(await call(path)).toEqual([200, "12"]);
    expect((await call(path, "https://evil.example"))[0]).toBe(403);
    expect((await call(path, `http://localhost:${Number(port) + 1}`))[0]).toBe(403);
    expect((await call(path, "null"))[0]).toBe(403);
  }
});

test("without a console there is none of it", async () => {
  const listen = { host: "127.0.0.1", port: 0 };
  const without = await serveWeb(servicesOf(world.given), { listen, origins: [PAGE], console: "none", tls: undefined });
  expect(without.hasConsole).toBe(false);
  const code = await new Promise((resolve) =>
    get(`http://${without.address}/console/`, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }),
  );
  expect(code).not.toBe(200);
  await without.close(0);
});

test("a folder without a console is refused, with what to do", () => {
  expect(() => new Site(folder)).toThrow("scripts/build-console");
});

test("only where nobody else can ask is the installed console served without being told", () => {
  expect(consoleFolder(undefined, { host: "0.0.0.0", port: 1 })).toBeUndefined();
  expect(consoleFolder("none", { host: "127.0.0.1", port: 1 })).toBeUndefined();
  expect(consoleFolder("/a", { host: "0.0.0.0", port: 1 })).toBe("/a");
});

test("the console's origins are the listener's own, or those that were named", () => {
  const at = { port: 443, isTls: true };
  expect([...consoleOrigins(undefined, { host: "admin.example", port: 443 }, at)]).toEqual(["https://admin.example"]);
  expect([...consoleOrigins(["https://a.example"], { host: "127.0.0.1", port: 443 }, at)]).toEqual([
    "https://a.example",
  ]);
  expect([...consoleOrigins(undefined, { host: "::1", port: 1 }, { port: 8700, isTls: false })]).toEqual([
    "http://localhost:8700",
    "http://127.0.0.1:8700",
    "http://[::1]:8700",
  ]);
});
