// A real Redis, set up well and badly; and servers that are none.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import type { Finding } from "./finding.ts";
import { redisFindings } from "./server-redis.ts";

const root = tempFolder();
const peerTest = testWith("redis-server", spawnSync("redis-server", ["--version"]).status === 0);
let child: ChildProcess | undefined;
let server: Server | undefined;
afterEach(async () => {
  server?.close();
  server = undefined;
  if (child === undefined) return;
  child.kill("SIGKILL");
  await once(child, "close");
  child = undefined;
});

/** Its address, with these settings; on a port that the kernel chose. */
async function redis(...settings: string[]): Promise<string> {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const place = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    mkdtempSync(join(root, "redis-")),
    "--save",
    "",
  ];
  child = spawn("redis-server", [...place, ...settings], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const text of child.stdout as AsyncIterable<Buffer>) {
    if (text.includes("Ready to accept connections")) break;
  }
  return `127.0.0.1:${port}`;
}

/** Somebody who answers every question with this. */
async function pretender(answer: string): Promise<string> {
  server = createServer((socket) => socket.on("error", () => undefined).on("data", () => socket.write(answer)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const told = (findings: readonly Finding[]): string[] =>
  findings.map(({ what, fix }) => (fix === undefined ? what : `${what} -> ${fix}`));
const wrong = (findings: readonly Finding[]): string[] => told(findings.filter(({ good }) => !good));

const SAFE = ["--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "no"];

peerTest(
  "a server that keeps what it acknowledged is good, and its version is told",
  async () => {
    const findings = await redisFindings({ store: `redis://${await redis(...SAFE)}` });
    expect(wrong(findings)).toEqual([]);
    expect(told(findings)).toEqual([
      expect.stringMatching(/: Redis \d+\.\d+\.\d+, master$/),
      expect.stringContaining("append-only file"),
      expect.stringContaining("appendfsync always"),
    ]);
  },
  60_000,
);

peerTest(
  "one as it is installed is not, and each setting is named with its fix",
  async () => {
    const at = await redis("--maxmemory-policy", "allkeys-lru");
    expect(wrong(await redisFindings({ store: `redis://${at}` }))).toEqual([
      expect.stringContaining("-> set appendonly yes"),
      expect.stringContaining("-> set maxmemory-policy noeviction"),
      expect.stringContaining(
        "appendfsync everysec: with the machine the last second is lost -> set appendfsync always",
      ),
      expect.stringContaining("-> set aof-load-truncated no"),
    ]);
  },
  60_000,
);

peerTest(
  "one that wants a password gets it from its file, and says so without it",
  async () => {
    const passwordFile = join(root, "password");
    writeFileSync(passwordFile, "of the store\n", { mode: 0o600 });
    const store = `redis://${await redis(...SAFE, "--requirepass", "of the store")}`;
    expect(wrong(await redisFindings({ store, passwordFile }))).toEqual([]);
    expect(wrong(await redisFindings({ store }))).toEqual([expect.stringContaining("--store-password-file")]);
  },
  60_000,
);

test.each<[string, () => Promise<string>, string]>([
  ["nobody", async () => "redis://127.0.0.1:9", "cannot be asked (ECONNREFUSED)"],
  ["something else", () => pretender("HTTP/1.1 400 Bad Request\r\n\r\n"), "it is no Redis"],
  ["an old one", () => pretender(infoOf("redis_version:6.2.14", "aof_enabled:1")), "install Redis 7.0 or newer"],
  ["a Sentinel", () => pretender(infoOf("redis_version:7.0.15", "redis_mode:sentinel")), "name the master"],
  ["one whose disk failed", () => pretender(infoOf("redis_version:7.0.15", "aof_enabled:1")), "look into its log"],
  ["another machine, readable", async () => "redis://store.example:6379", "give rediss://"],
  ["no address", async () => "127.0.0.1:6379", "give it as the core has it"],
  ["a password in the address", async () => "redis://a:b@127.0.0.1:6379", "give it as the core has it"],
])("%s: named, with its fix", async (_name, at, words) => {
  const found = wrong(await redisFindings({ store: await at() }));
  expect(found.join("\n")).toContain(words);
  expect(found.join("\n")).not.toContain("a:b");
});

test("settings that are not shown are to be looked at by hand", async () => {
  const found = wrong(await redisFindings({ store: await pretender(infoOf("redis_version:7.2.0", "aof_enabled:1")) }));
  expect(found).toContainEqual(expect.stringContaining("give this user +config|get"));
});

/** Replies to INFO and both CONFIG GET, the latter two refused. */
function infoOf(...lines: string[]): string {
  const info = lines.join("\r\n");
  return `$${info.length}\r\n${info}\r\n-NOPERM no\r\n-NOPERM no\r\n`;
}
