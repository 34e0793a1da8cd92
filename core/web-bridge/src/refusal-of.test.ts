import { describe, expect, test } from "@jest/globals";
import type { RequestHead } from "./head.ts";
import { refusalOf } from "./refusal-of.ts";
import type { WebRules } from "./rules.ts";

const RULES: WebRules = {
  hosts: new Set(["127.0.0.1:7000", "[::1]:7000", "localhost:7000"]),
  origins: new Set(["https://bank.example", "http://localhost:3000"]),
  withoutOrigin: false,
  text: false,
  maxMessage: 100,
};
const HEADERS: RequestHead["headers"] = {
  host: ["127.0.0.1:7000"],
  origin: ["https://bank.example"],
  "content-type": ["application/grpc-web+proto"],
};

type Change = Partial<Omit<RequestHead, "headers">> & { readonly headers?: RequestHead["headers"] };

function headWith({ headers = {}, ...rest }: Change): RequestHead {
  return { method: "POST", target: "/a.v1.B/C", upgrade: false, ...rest, headers: { ...HEADERS, ...headers } };
}

function codeOf(change: Change, rules: Partial<WebRules> = {}): number | undefined {
  return refusalOf(headWith(change), { ...RULES, ...rules })?.code;
}

/** A header that is not sent. */
const ABSENT = undefined as unknown as readonly string[];

test("a call that obeys every rule is not refused", () => {
  expect(codeOf({})).toBeUndefined();
});

describe("Host", () => {
  test.each(["127.0.0.1:7000", "[::1]:7000", "localhost:7000"])("%s is answered", (host) => {
    expect(codeOf({ headers: { host: [host] } })).toBeUndefined();
  });

  test.each([
    [["evil.example:7000"]],
    [["127.0.0.1"]],
    [["127.0.0.1:7001"]],
    [["127.0.0.1:7000.evil.example"]],
    [["localhost:7000 "]],
    [["LOCALHOST:7000"]],
    [["127.1:7000"]],
    [["0.0.0.0:7000"]],
    [["[::ffff:127.0.0.1]:7000"]],
    [["user@127.0.0.1:7000"]],
    [[""]],
    [["127.0.0.1:7000", "127.0.0.1:7000"]],
    [ABSENT],
  ])("%p is 421, whatever else is wrong", (host) => {
    expect(codeOf({ headers: { host } })).toBe(421);
    expect(codeOf({ headers: { host, origin: ["null"] }, method: "GET", target: "*", upgrade: true })).toBe(421);
  });

  test("where names are somebody else's matter, any one is answered", () => {
    const { hosts: _hosts, ...rest } = RULES;
    expect(refusalOf(headWith({ headers: { host: ["core.example"] } }), rest)).toBeUndefined();
  });
});

describe("Origin", () => {
  test.each([
    [["null"]],
    [["https://evil.example"]],
    [["https://bank.example.evil.example"]],
    [["https://evilbank.example"]],
    [["https://a.bank.example"]],
    [["https://bank.example:8443"]],
    [["https://bank.example:443"]],
    [["http://bank.example"]],
    [["https://bank.example/"]],
    [["HTTPS://bank.example"]],
    [["https://bänk.example"]],
    [["https://bank.example "]],
    [["http://localhost"]],
    [["http://localhost:3001"]],
    [["http://127.0.0.1:3000"]],
    [["*"]],
    [[""]],
    [["https://bank.example", "https://bank.example"]],
    [["https://bank.example, https://evil.example"]],
  ])("%p is 403, whatever else is wrong", (origin) => {
    expect(codeOf({ headers: { origin } })).toBe(403);
    expect(codeOf({ headers: { origin }, method: "GET", upgrade: true })).toBe(403);
    expect(codeOf({ headers: { origin } }, { withoutOrigin: true })).toBe(403);
  });

  test("none is 403, except where programs other than browsers may call", () => {
    expect(codeOf({ headers: { origin: ABSENT } })).toBe(403);
    expect(codeOf({ headers: { origin: ABSENT } }, { withoutOrigin: true })).toBeUndefined();
  });
});

describe("form", () => {
  test.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "post", ""])("%s is 405", (method) => {
    expect(codeOf({ method })).toBe(405);
  });

  test("OPTIONS is answered as a preflight, and 405 where it is none", () => {
    expect(codeOf({ method: "OPTIONS", headers: { "access-control-request-method": ["POST"] } })).toBeUndefined();
    expect(codeOf({ method: "OPTIONS" })).toBe(405);
    const foreign = { "access-control-request-method": ["POST"], origin: ["https://evil.example"] };
    expect(codeOf({ method: "OPTIONS", headers: foreign })).toBe(403);
  });

  test.each(["POST", "GET"])("another protocol is 426, by %s", (method) => {
    expect(codeOf({ method, upgrade: true })).toBe(426);
  });

  test.each([
    "/",
    "*",
    "/a",
    "/a/",
    "/a/b/c",
    "//a/b",
    "/a/b?c",
    "/a/../b",
    "http://127.0.0.1:7000/a.v1.B/C",
    "/a/%62",
    "/ä/b",
  ])("the path %s is 400", (target) => {
    expect(codeOf({ target })).toBe(400);
  });

  test.each([
    ["text/plain"],
    ["text/plain;application/grpc-web+proto"],
    ["application/x-www-form-urlencoded"],
    ["multipart/form-data; boundary=x"],
    ["application/json"],
    ["application/grpc"],
    ["application/grpc+proto"],
    ["application/grpc-web"],
    ["application/grpc-web+json"],
    ["application/grpc-web-text"],
    ["application/grpc-web-text+proto"],
    ["application/grpc-web+proto; charset=utf-8"],
    ["Application/gRPC-web+proto"],
    [""],
  ])("the content type %j is 415", (type) => {
    expect(codeOf({ headers: { "content-type": [type] } })).toBe(415);
  });

  test("no content type, two of them, and an encoded body are 415", () => {
    expect(codeOf({ headers: { "content-type": ABSENT } })).toBe(415);
    const type = "application/grpc-web+proto";
    expect(codeOf({ headers: { "content-type": [type, type] } })).toBe(415);
    expect(codeOf({ headers: { "content-encoding": ["gzip"] } })).toBe(415);
  });

  test("base64 is answered where it is offered, with room for its own length", () => {
    const headers = { "content-type": ["application/grpc-web-text+proto"], "content-length": ["140"] };
    expect(codeOf({ headers }, { text: true })).toBeUndefined();
    expect(codeOf({ headers: { ...headers, "content-length": ["141"] } }, { text: true })).toBe(413);
  });

  test("a body that says it is longer than the longest message is 413", () => {
    expect(codeOf({ headers: { "content-length": ["105"] } })).toBeUndefined();
    expect(codeOf({ headers: { "content-length": ["106"] } })).toBe(413);
  });
});

test("no refusal repeats what was sent", () => {
  const sent = "https://secret.example";
  for (const change of [
    { headers: { host: [sent] } },
    { headers: { origin: [sent] } },
    { headers: { "content-type": [sent] } },
    { target: sent },
    { method: sent },
  ]) {
    expect(refusalOf(headWith(change), RULES)?.message).not.toContain("secret");
  }
});
