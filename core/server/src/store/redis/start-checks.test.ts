import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { changing, drawId, SHARD } from "../store-fixture.ts";
import { openRedisStore, type OpenRedisOptions } from "./open-redis-store.ts";
import { findUnsafeSettings, UnsafeRedisError } from "./start-checks.ts";
import { openStandaloneLink } from "./standalone-link.ts";
import { linkTo, TEST_KEY } from "./testing/open-test-store.ts";
import { until } from "./testing/redis-cluster.ts";
import { freePort, hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const started: RedisServer[] = [];

async function start(...settings: string[]): Promise<RedisServer> {
  const server = await startRedis({ folder: join(folder, drawId()), settings });
  started.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

const OPENSSL = "openssl";
const at = (name: string): string => join(folder, name);
const openssl = (...args: string[]): void => void execFileSync(OPENSSL, args, { stdio: "pipe" });

function optionsFor(port: number, more: Partial<OpenRedisOptions> = {}): OpenRedisOptions {
  const servers = [{ host: "127.0.0.1", port }];
  return {
    url: { servers, tls: false, username: undefined, database: 0, master: undefined },
    ...{ password: undefined, ca: undefined, replicas: 0, keyFor: () => TEST_KEY, create: true, development: false },
    onTrouble: () => {},
    ...more,
  };
}

async function degrees(server: RedisServer, replicas = 0): Promise<string[]> {
  const link = await openStandaloneLink(linkTo([server.port]));
  const findings = await findUnsafeSettings(link, replicas);
  await link.close();
  return findings.map(({ degree, text }) => `${degree}: ${text.replace(/127\.0\.0\.1:\d+/, "it")}`);
}

peerTest("a server that keeps what it is given is safe", async () => {
  expect(await degrees(await start())).toEqual([]);
});

const UNSAFE = [
  { setting: ["--appendfsync", "everysec"], finding: /^weak: it has appendfsync everysec/ },
  { setting: ["--aof-load-truncated", "yes"], finding: /^unsafe: it goes on after a cut append-only file/ },
  { setting: ["--appendonly", "no"], finding: /^unsafe: it keeps no append-only file/ },
  { setting: ["--maxmemory-policy", "allkeys-lru"], finding: /^unsafe: it evicts keys/ },
  { setting: ["--rename-command", "CONFIG", ""], finding: /^weak: it does not show its settings/ },
];

for (const { setting, finding } of UNSAFE) {
  peerTest(`${setting.join(" ")} is named`, async () => {
    const found = await degrees(await start(...setting));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(finding);
  });
}

peerTest("a replica is no store, and a master should stop without the replicas that are waited for", async () => {
  const master = await start();
  expect(await degrees(master, 1)).toEqual([expect.stringMatching(/^weak: .*set min-replicas-to-write 1$/)]);
  await master.command("CONFIG", "SET", "min-replicas-to-write", "1");
  expect(await degrees(master, 1)).toEqual([]);
  const replica = await start("--replicaof", `127.0.0.1 ${master.port}`);
  expect(await degrees(replica)).toEqual([expect.stringMatching(/^unsafe: it is a replica/)]);
  await start("--replicaof", `127.0.0.1 ${master.port}`);
  await until(async () => String(await master.command("INFO", "replication")).includes("connected_slaves:2"));
  expect(await degrees(master, 1)).toEqual([
    expect.stringMatching(/^weak: it has 2 replicas, and a change waits for 1/),
  ]);
  expect(await degrees(master, 0)).toEqual([]);
});

peerTest("what is unsafe stops the start, but for development, where it is said", async () => {
  const { port } = await start("--appendonly", "no");
  await expect(openRedisStore(optionsFor(port))).rejects.toBeInstanceOf(UnsafeRedisError);
  const said: string[] = [];
  const onTrouble = (error: Error): unknown => said.push(error.message);
  const store = await openRedisStore(optionsFor(port, { development: true, onTrouble }));
  expect(said).toEqual([expect.stringContaining("set appendonly yes")]);
  expect(await store.commit(SHARD, changing([]))).toBe("committed");
  await store.close();
});

peerTest("no server, no store in it, a wrong password: each is said", async () => {
  await expect(openRedisStore(optionsFor(await freePort()))).rejects.toThrow("ECONNREFUSED");
  const { port } = await start("--requirepass", "open sesame");
  await expect(openRedisStore(optionsFor(port))).rejects.toThrow("NOAUTH");
  await expect(openRedisStore(optionsFor(port, { password: "guess" }))).rejects.toThrow("WRONGPASS");
  const password = "open sesame";
  await expect(openRedisStore(optionsFor(port, { password, create: false }))).rejects.toThrow("run bootstrap first");
  const store = await openRedisStore(optionsFor(port, { password }));
  await store.close();
  const again = await openRedisStore(optionsFor(port, { password, create: false }));
  await again.close();
});

peerTest("rediss://: the server's certificate is checked against the authority given", async () => {
  const ca = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  for (const name of ["ca", "other"]) {
    openssl("req", ...ca, "-subj", `/CN=${name}`, "-keyout", at(`${name}.key`), "-out", at(`${name}.pem`));
  }
  const server = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=redis"];
  openssl(
    "req",
    ...server,
    "-keyout",
    at("redis.key"),
    "-out",
    at("redis.csr"),
    "-addext",
    "subjectAltName=IP:127.0.0.1",
  );
  const signing = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-days", "2", "-copy_extensions", "copy"];
  openssl("x509", "-req", "-in", at("redis.csr"), ...signing, "-out", at("redis.pem"));
  const tlsPort = await freePort();
  const files = ["--tls-cert-file", at("redis.pem"), "--tls-key-file", at("redis.key"), "--tls-auth-clients", "no"];
  await start("--tls-port", String(tlsPort), ...files, "--tls-ca-cert-file", at("ca.pem"));
  const { url } = optionsFor(tlsPort);
  const tls = (authority: string): OpenRedisOptions =>
    optionsFor(tlsPort, { url: { ...url, tls: true }, ca: readFileSync(at(authority), "utf8") });
  const store = await openRedisStore(tls("ca.pem"));
  expect(await store.commit(SHARD, changing([]))).toBe("committed");
  await store.close();
  await expect(openRedisStore(tls("other.pem"))).rejects.toThrow(/certificate/);
});
