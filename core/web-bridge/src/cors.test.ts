import { expect, test } from "@jest/globals";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import type { RequestHead } from "./head.ts";
import { originOf, type WebRules } from "./rules.ts";

const RULES: WebRules = {
  origins: new Set(["https://bank.example"]),
  withoutOrigin: true,
  text: true,
  maxMessage: 100,
};

function headOf(headers: RequestHead["headers"]): RequestHead {
  return { method: "OPTIONS", target: "/a/b", upgrade: false, headers };
}

test("a listed origin is named, never a wildcard, and credentials never are allowed", () => {
  const headers = corsHeaders(headOf({ origin: ["https://bank.example"] }), RULES);
  expect(headers).toEqual({
    vary: "Origin",
    "access-control-allow-origin": "https://bank.example",
    "access-control-expose-headers": "grpc-status, grpc-message, grpc-status-details-bin",
  });
});

test.each([
  [["https://evil.example"]],
  [["null"]],
  [["*"]],
  [["https://bank.example", "https://bank.example"]],
  [undefined],
])("of the origin %p nothing is said, except that answers differ by it", (origin) => {
  expect(corsHeaders(headOf(origin === undefined ? {} : { origin }), RULES)).toEqual({ vary: "Origin" });
});

test("a preflight is told what may be sent, and about private networks if it asks", () => {
  const plain = preflightHeaders(headOf({}));
  expect(plain).toEqual({
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "content-type, x-grpc-web, x-user-agent, grpc-timeout, authorization, traceparent",
    "access-control-max-age": "600",
  });
  const asking = headOf({ "access-control-request-private-network": ["true"] });
  expect(preflightHeaders(asking)).toEqual({ ...plain, "access-control-allow-private-network": "true" });
});

test.each([
  ["https://bank.example", true],
  ["https://bank.example:8443", true],
  ["http://localhost:3000", true],
  ["https://xn--bnk-qla.example", true],
  ["https://bank.example:443", false],
  ["https://bank.example/", false],
  ["https://bank.example/path", false],
  ["https://user@bank.example", false],
  ["https://Bank.example", false],
  ["https://bänk.example", false],
  ["https://*.bank.example", false],
  ["https://[::1]:8443", true],
  ["http://localhost", true],
  ["http://localhost:80", false],
  ["http://localhost.bank.example", false],
  ["http://127.0.0.1:3000", false],
  ["http://bank.example", false],
  ["bank.example", false],
  ["null", false],
  ["data:text/plain,x", false],
  ["", false],
])("%j may be listed as an origin: %p", (text, isOrigin) => {
  expect(originOf(text)).toBe(isOrigin ? text : undefined);
});
