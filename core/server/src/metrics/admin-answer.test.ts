import { expect, test } from "@jest/globals";
import { pageOf, readyAnswer } from "./admin-answer.ts";

test.each([
  ["GET", "/metrics", "metrics"],
  ["HEAD", "/metrics", "metrics"],
  ["GET", "/healthz", "health"],
  ["GET", "/readyz", "ready"],
  ["POST", "/metrics", 405],
  ["OPTIONS", "/readyz", 405],
  ["get", "/metrics", 405],
  ["GET", "/", 404],
  ["GET", "/metrics/", 404],
  ["GET", "/metrics?x=1", 404],
  ["GET", "//metrics", 404],
  ["GET", "/METRICS", 404],
  ["GET", "/%6detrics", 404],
  ["GET", "http://localhost/metrics", 404],
  ["GET", "toString", 404],
  ["POST", "/x", 404],
] as const)("%s %s", (method, target, expected) => {
  expect(pageOf(method, target)).toBe(expected);
});

test("readiness names what is missing", () => {
  expect(readyAnswer([])).toMatchObject({ code: 200, body: '{"ready":true,"because":[]}\n' });
  expect(readyAnswer(["draining", "store"])).toMatchObject({
    ...{ code: 503, body: '{"ready":false,"because":["draining","store"]}\n' },
  });
});
