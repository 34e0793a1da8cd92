import { expect, test } from "@jest/globals";
import { Transport } from "./transport.ts";

test.each(["http://api.example", "http://10.0.0.5:8081/", "http://127.0.0.1.example/", "http://localhost.example/"])(
  "%s would show token and codes on the way",
  (root) => {
    expect(() => new Transport(root)).toThrow("--api-root");
  },
);

test.each(["https://api.telegram.org/", "http://127.0.0.1:8081", "http://localhost:8081/", "http://[::1]:8081/prefix"])(
  "%s is taken",
  (root) => {
    expect(() => new Transport(root).close()).not.toThrow();
  },
);

test("another protocol is none", () => {
  expect(() => new Transport("ftp://127.0.0.1/")).toThrow("--api-root");
});
