import { expect, test } from "@jest/globals";
import { parseStoreUrl } from "./store-url.ts";

const plain = { tls: false, username: undefined, database: 0, master: undefined };

test.each([
  ["redis://127.0.0.1", { ...plain, servers: [{ host: "127.0.0.1", port: 6379 }] }],
  ["redis://[::1]:7001/3", { ...plain, servers: [{ host: "::1", port: 7001 }], database: 3 }],
  [
    "rediss://core@r1.example",
    { ...plain, servers: [{ host: "r1.example", port: 6379 }], tls: true, username: "core" },
  ],
  [
    "redis://a:1,b:2,c/",
    {
      ...plain,
      servers: [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
        { host: "c", port: 6379 },
      ],
    },
  ],
  ["redis://s1:26379/main", { ...plain, servers: [{ host: "s1", port: 26_379 }], master: "main" }],
])("%s", (text, parsed) => {
  expect(parseStoreUrl(text)).toEqual(parsed);
});

test.each([
  "",
  "redis:",
  "redis://",
  "http://a",
  "redis://a:0",
  "redis://a:65536",
  "redis://a,",
  "redis://a/b/c",
  "redis://a?x=1",
  "redis://user:password@a",
  "redis://:password@a",
  "redis://a b",
  "REDIS://a",
  "redis://@a",
])("refuses %j", (text) => {
  expect(parseStoreUrl(text)).toBeUndefined();
});
