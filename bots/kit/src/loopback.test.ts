import { expect, test } from "@jest/globals";
import { isLoopback } from "./loopback.ts";

test.each(["127.0.0.1", "127.1.2.3", "localhost", "[::1]", "::1"])("%s is this machine", (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(["", "0.0.0.0", "128.0.0.1", "127.0.0.1.example", "localhost.example", "[::2]", "x127.0.0.1", "127.0.0.1\n"])(
  "%j is not",
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
