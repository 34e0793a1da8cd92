import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Kind } from "@countersign/proto/node/core/v1/content";
import { tempFolder } from "@countersign/testing";
import { FakeGrants } from "../testing/fake-grants.ts";
import type { SetUp } from "./set-up.ts";
import { WebHost } from "./web-host.ts";

const SUBMIT_TOKEN = "cs_app_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
const PASSWORD = "correct horse";
const REQUEST_ID = "0b8e2c1c-9a52-4c4e-8a44-0d2f5b0a9d10";
const CORE_WEB = "http://127.0.0.1:8702";
const site = join(tempFolder(), "site");
mkdirSync(site);
writeFileSync(join(site, "index.html"), "<!doctype html><title>Pay</title>");

let core: FakeGrants;
let host: WebHost;
let log: string[];
beforeEach(async () => {
  core = await new FakeGrants().start();
  log = [];
  host = await open({});
});
afterEach(async () => {
  await host.close();
  core.stop();
});

function open(more: Partial<SetUp>): Promise<WebHost> {
  const setUp: SetUp = {
    ...{ listen: { host: "127.0.0.1", port: 0 }, site, origins: [], core: core.address, coreCa: undefined },
    ...{ coreWeb: CORE_WEB, submitToken: SUBMIT_TOKEN, pinned: { serverId: "ab".repeat(16), coreKeys: ["a1"] } },
    users: new Map([
      ["anna", PASSWORD],
      ["bert", PASSWORD],
    ]),
    ...more,
  };
  return WebHost.open(setUp, (line) => log.push(line));
}

interface Answer {
  readonly code: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
}

/** As a browser's fetch, in which every header can be set. */
function ask(path: string, headers: Record<string, string> = {}, body?: string, method = "POST"): Promise<Answer> {
  const { port } = host;
  return new Promise((resolve, reject) => {
    const given = { host: "127.0.0.1", port, path, headers: { host: `localhost:${port}`, ...headers } };
    const call = request({ ...given, method: body === undefined ? "GET" : method }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => {
        const found = text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
        resolve({ code: response.statusCode, headers: response.headers, body: found });
      });
    });
    call.on("error", reject).end(body);
  });
}

function fromPage(more: Record<string, string> = {}): Record<string, string> {
  return { origin: `http://localhost:${host.port}`, "content-type": "application/json", ...more };
}

async function logIn(user = "anna"): Promise<{ readonly cookie: string; readonly set: string }> {
  const { code, headers } = await ask("/login", fromPage(), JSON.stringify({ user, password: PASSWORD }));
  expect(code).toBe(200);
  const [set = ""] = headers["set-cookie"] ?? [];
  return { set, cookie: set.split(";", 1)[0] ?? "" };
}

const grantBody = JSON.stringify({ requestId: REQUEST_ID });

describe("login", () => {
  test("the cookie is for this site's own requests alone, and no script reads it", async () => {
    const { set } = await logIn();
    expect(set).toMatch(/^countersign-bank=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=3600$/);
  });

  test("behind TLS the cookie is Secure as well", async () => {
    await host.close();
    host = await open({ origins: ["https://pay.bank.example"] });
    const headers = { ...fromPage({ origin: "https://pay.bank.example" }), host: "pay.bank.example" };
    const answer = await ask("/login", headers, JSON.stringify({ user: "anna", password: PASSWORD }));
    expect(answer.headers["set-cookie"]).toEqual([expect.stringMatching(/; Secure$/)]);
  });

  test("a wrong password and an unknown name are one answer, and no cookie", async () => {
    for (const user of ["anna", "mallory"]) {
      const answer = await ask("/login", fromPage(), JSON.stringify({ user, password: "guess" }));
      expect([answer.code, answer.body, answer.headers["set-cookie"]]).toEqual([
        403,
        { error: "WRONG_PASSWORD" },
        undefined,
      ]);
    }
  });

  test("after logging out the old cookie opens nothing", async () => {
    const { cookie } = await logIn();
    expect((await ask("/session", { cookie })).body).toMatchObject({ user: "anna", core: CORE_WEB });
    const out = await ask("/logout", fromPage({ cookie }), "{}");
    expect(out.headers["set-cookie"]).toEqual([expect.stringContaining("countersign-bank=; Path=/")]);
    expect((await ask("/session", { cookie })).body).toEqual({});
    expect((await ask("/grant", fromPage({ cookie }), grantBody)).code).toBe(401);
    expect(core.asked).toEqual([]);
  });
});

describe("a grant", () => {
  test("is for one payment of who is logged in; the page never sees the bank's token", async () => {
    const { cookie } = await logIn();
    const { code, body } = await ask("/grant", fromPage({ cookie }), grantBody);
    expect([code, body]).toEqual([200, { grant: `cs_grant_web-anna-${REQUEST_ID}` }]);
    const [asked] = core.asked;
    expect([asked?.userId, asked?.kinds, core.bearers]).toEqual(["anna", [Kind.PAY], [`Bearer ${SUBMIT_TOKEN}`]]);
  });

  test("two users with one request id ask for two grants", async () => {
    for (const user of ["anna", "bert"]) {
      const { cookie } = await logIn(user);
      await ask("/grant", fromPage({ cookie }), grantBody);
    }
    expect(core.asked.map(({ userId, requestId }) => [userId, requestId])).toEqual([
      ["anna", `web-anna-${REQUEST_ID}`],
      ["bert", `web-bert-${REQUEST_ID}`],
    ]);
  });

  test.each(["", "short", "a".repeat(65), "with space 0123456789", "../../../../etc/passwd"])(
    "a request id %j is none",
    async (requestId) => {
      const { cookie } = await logIn();
      expect((await ask("/grant", fromPage({ cookie }), JSON.stringify({ requestId }))).code).toBe(400);
      expect(core.asked).toEqual([]);
    },
  );

  test("a user in the body is not heard", async () => {
    const { cookie } = await logIn();
    await ask("/grant", fromPage({ cookie }), JSON.stringify({ requestId: REQUEST_ID, userId: "bert", user: "bert" }));
    expect(core.asked.map(({ userId }) => userId)).toEqual(["anna"]);
  });

  test("a core that refuses, and one that is away, are told apart; no secret is in the log", async () => {
    const { cookie } = await logIn();
    core.refuses = true;
    const refused = await ask("/grant", fromPage({ cookie }), grantBody);
    core.stop();
    const away = await ask("/grant", fromPage({ cookie }), grantBody);
    expect([refused.code, refused.body, away.code, away.body]).toEqual([
      ...[409, { error: "REFUSED" }],
      ...[503, { error: "CORE_UNREACHABLE" }],
    ]);
    expect(log.join("\n")).toContain("no grant for anna");
    for (const secret of [SUBMIT_TOKEN, PASSWORD, "cs_grant_", cookie.split("=")[1] ?? cookie]) {
      expect(log.join("\n")).not.toContain(secret);
    }
  });
});

describe("another origin", () => {
  test.each([
    ["another site", { origin: "https://evil.example" }],
    ["a frame without origin", { origin: "null" }],
    ["another port", { origin: "http://localhost:1" }],
    ["a form", { "content-type": "text/plain" }],
    ["a form of fields", { "content-type": "application/x-www-form-urlencoded" }],
  ])("%s gets no grant, although the cookie came along", async (_who, headers) => {
    const { cookie } = await logIn();
    const answer = await ask("/grant", fromPage({ cookie, ...headers }), grantBody);
    expect([answer.code, answer.body]).toEqual([403, { error: "ORIGIN" }]);
    expect(core.asked).toEqual([]);
  });

  test("no origin at all is none of ours", async () => {
    const { cookie } = await logIn();
    const answer = await ask("/grant", { "content-type": "application/json", cookie }, grantBody);
    expect(answer.code).toBe(403);
  });

  test("a name that somebody else bound to this machine is answered with nothing", async () => {
    const { cookie } = await logIn();
    for (const path of ["/", "/session"]) {
      const answer = await ask(path, { host: `evil.example:${host.port}`, cookie });
      expect([answer.code, answer.body]).toEqual([421, { error: "NOT_HERE" }]);
    }
  });

  test("nothing is given to pages of others: no answer has a CORS header", async () => {
    for (const answer of [
      await ask("/session", { origin: "https://evil.example" }),
      await ask("/grant", fromPage({ origin: "https://evil.example" }), "", "OPTIONS"),
    ]) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });
});

describe("what a browser is told", () => {
  test("every answer forbids frames, inline script and foreign addresses", async () => {
    for (const path of ["/", "/session", "/nothing-there"]) {
      const { headers } = await ask(path);
      const policy = String(headers["content-security-policy"]);
      for (const rule of [
        ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"],
        ...["form-action 'none'", "require-trusted-types-for 'script'"],
        `connect-src 'self' ${CORE_WEB} http://127.0.0.1:*`,
      ]) {
        expect(policy.split("; ")).toContain(rule);
      }
      expect(policy).not.toMatch(/unsafe|\s\*(?:;|$)|https:(?:;|$)/);
      expect(headers).toMatchObject({
        ...{ "x-frame-options": "DENY", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" },
        ...{ "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin" },
      });
    }
  });

  test("answers with what is somebody's are kept by no cache", async () => {
    expect((await ask("/session")).headers["cache-control"]).toBe("no-store");
  });

  test.each(["/../set-up.json", "/%2e%2e/set-up.json", "/.", "//index.html", "/index.html"])(
    "%s is no file of the page",
    async (path) => {
      expect((await ask(path)).code).toBe(404);
    },
  );
});

test.each([
  ["no JSON", "{"],
  ["a list of nothing", "null"],
  ["too much", JSON.stringify({ user: "a".repeat(5_000), password: "" })],
  ["no texts", JSON.stringify({ user: ["anna"], password: { length: 1 } })],
])("a body that is %s is refused", async (_what, body) => {
  expect((await ask("/login", fromPage(), body)).code).toBe(400);
});
