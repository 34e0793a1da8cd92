import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { ConfigError, describeSettings, readConfig, type CoreConfig } from "./config.ts";

const folder = tempFolder();
const base = { data: "/d", secrets: "/s" };
const read = (flags: object, env: Record<string, string> = {}): CoreConfig => readConfig({ flags: { ...flags }, env });

test("defaults", () => {
  expect(read(base)).toEqual({
    data: "/d",
    store: undefined,
    secrets: "/s",
    listen: { host: "127.0.0.1", port: 8700 },
    tls: undefined,
    web: undefined,
    admin: undefined,
    auditHeads: { every: 600, entries: 10_000, allow: [] },
    development: false,
    logLevel: "info",
    maxStreams: 100,
  });
});

test("a shared store takes the place of the data folder; its password comes from a file", () => {
  const password = join(folder, "password");
  writeFileSync(password, "open sesame\n");
  const flags = { secrets: "/s", store: "rediss://core@one.example,[::2]:7000/main", "store-replicas": "1" };
  expect(read({ ...flags, "store-password-file": password })).toMatchObject({
    data: undefined,
    store: {
      url: {
        servers: [
          { host: "one.example", port: 6379 },
          { host: "::2", port: 7000 },
        ],
        ...{ tls: true, username: "core", database: 0, master: "main" },
      },
      ...{ password: "open sesame", ca: undefined, replicas: 1 },
    },
  });
});

test("flags go before variables, those before the file, that before the defaults", () => {
  const config = join(folder, "core.json");
  writeFileSync(
    config,
    JSON.stringify({ data: "/file", secrets: "/file", logLevel: "warn", maxStreams: 7, development: true }),
  );
  const env = { COUNTERSIGN_DATA: "/env", COUNTERSIGN_SECRETS: "/env", COUNTERSIGN_CONFIG: config };
  expect(read({ data: "/flag" }, env)).toMatchObject({
    data: "/flag",
    secrets: "/env",
    logLevel: "warn",
    maxStreams: 7,
    development: true,
    listen: { port: 8700 },
  });
});

describe("each refusal names the setting, its variable and its meaning", () => {
  test.each([
    [{ secrets: "/s" }, {}, "--data (COUNTERSIGN_DATA: folder of the store): is required"],
    [
      { ...base, listen: "8700" },
      {},
      "--listen (COUNTERSIGN_LISTEN: HOST:PORT to listen on; port 0 takes a free one): must be HOST:PORT",
    ],
    [{ ...base, listen: "127.0.0.1:70000" }, {}, "up to 65535"],
    [base, { COUNTERSIGN_LOG_LEVEL: "loud" }, "--log-level (COUNTERSIGN_LOG_LEVEL"],
    [base, { COUNTERSIGN_MAX_STREAMS: "0" }, "--max-streams (COUNTERSIGN_MAX_STREAMS"],
    [base, { COUNTERSIGN_MAX_STREAMS: "many" }, "must be a number"],
    [base, { COUNTERSIGN_DEVELOPMENT: "yes" }, "must be true or false"],
    [{ ...base, store: "redis://127.0.0.1" }, {}, "--data (COUNTERSIGN_DATA: folder of the store): is not used beside"],
    [{ secrets: "/s", store: "redis://:secret@127.0.0.1" }, {}, "without a password"],
    [{ secrets: "/s", store: "mysql://127.0.0.1" }, {}, "--store (COUNTERSIGN_STORE"],
    [{ secrets: "/s", store: "redis://10.0.0.5" }, {}, "give rediss://"],
    [{ ...base, "store-replicas": "1" }, {}, "is needed beside storeReplicas"],
    [{ secrets: "/s", store: "redis://[::1]", "store-replicas": "9" }, {}, "must be 0 to 8"],
    [{ secrets: "/s", store: "redis://[::1]", "store-password-file": "/nowhere" }, {}, "--store-password-file"],
    [{ ...base, "tls-cert": "/c" }, {}, "--tls-key (COUNTERSIGN_TLS_KEY"],
    [{ ...base, "tls-key": "/k" }, {}, "--tls-cert (COUNTERSIGN_TLS_CERT"],
    [{ ...base, "tls-client-ca": "/a" }, {}, "--tls-cert (COUNTERSIGN_TLS_CERT"],
  ])("%j %j", (flags, env, message) => {
    expect(() => read(flags, env)).toThrow(ConfigError);
    expect(() => read(flags, env)).toThrow(message);
  });
});

describe("check 29: plaintext is for loopback alone", () => {
  test.each(["127.0.0.1:1", "127.9.9.9:0", "[::1]:8700", "localhost:8700"])("%s may be plain", (listen) => {
    expect(read({ ...base, listen }).tls).toBeUndefined();
  });
  test.each([
    "0.0.0.0:1",
    "[::]:8700",
    "10.0.0.1:8700",
    "example.org:8700",
    "127.0.0.1.example.org:1",
    "[::ffff:10.0.0.1]:1",
  ])("%s needs TLS", (listen) => {
    expect(() => read({ ...base, listen })).toThrow("not this machine alone");
    const tls = { "tls-cert": "/c", "tls-key": "/k", "tls-client-ca": "/a" };
    expect(read({ ...base, listen, ...tls }).tls).toEqual({ cert: "/c", key: "/k", clientCa: "/a" });
  });
});

test("webhooks lead to public addresses, and to what is named", () => {
  expect(read(base).webhookAllow).toBeUndefined();
  expect(read({ ...base, "webhook-allow": "hooks.internal, 10.1.2.3,::1" }).webhookAllow).toEqual([
    ...["hooks.internal", "10.1.2.3", "::1"],
  ]);
  expect(() => read({ ...base, "webhook-allow": "http://x" })).toThrow("--webhook-allow (COUNTERSIGN_WEBHOOK_ALLOW");
});

describe("the listener of monitoring", () => {
  test("is where it is told", () => {
    expect(read({ ...base, "admin-listen": "[::1]:0" }).admin).toEqual({ host: "::1", port: 0 });
    expect(read(base, { COUNTERSIGN_ADMIN_LISTEN: "127.0.0.1:8702" }).admin).toEqual({ host: "127.0.0.1", port: 8702 });
  });
  test("check 29: leaves this machine by TLS alone", () => {
    const beyond = { ...base, "admin-listen": "10.0.0.1:8702" };
    expect(() => read(beyond)).toThrow("--admin-listen (COUNTERSIGN_ADMIN_LISTEN");
    expect(() => read(beyond)).toThrow("not this machine alone");
    expect(read({ ...beyond, "tls-cert": "/c", "tls-key": "/k" }).admin?.host).toBe("10.0.0.1");
  });
});

describe("pages in browsers", () => {
  const web = { ...base, "web-listen": "127.0.0.1:8701", "web-origins": "https://bank.example, http://localhost:3000" };
  test("may call from the listed origins, by flag and by file", () => {
    const expected = {
      listen: { host: "127.0.0.1", port: 8701 },
      origins: ["https://bank.example", "http://localhost:3000"],
    };
    expect(read(web).web).toEqual(expected);
    const config = join(folder, "web.json");
    writeFileSync(config, JSON.stringify({ webListen: "127.0.0.1:8701", webOrigins: expected.origins }));
    expect(read({ ...base, config }).web).toEqual(expected);
  });
  test.each([
    [{ "web-origins": undefined }, "--web-origins (COUNTERSIGN_WEB_ORIGINS"],
    [{ "web-listen": undefined }, "--web-listen (COUNTERSIGN_WEB_LISTEN"],
    [{ "web-listen": "0.0.0.0:1" }, "not this machine alone"],
    [{ "web-origins": "" }, "must be origins as browsers send them"],
    [{ "web-origins": "*" }, "must be origins as browsers send them"],
    [{ "web-origins": "null" }, "must be origins as browsers send them"],
    [{ "web-origins": "https://bank.example/" }, "must be origins as browsers send them"],
    [{ "web-origins": "http://bank.example" }, "must be origins as browsers send them"],
    [{ "web-origins": "http://localhost.bank.example" }, "must be origins as browsers send them"],
    [{ "tls-cert": "/c", "tls-key": "/k", "tls-client-ca": "/a" }, "pages have no certificate"],
  ])("%j is refused", (change, message) => {
    expect(() => read({ ...web, ...change })).toThrow(message);
  });
});

describe("the file", () => {
  test.each([
    ["not JSON", "{", "COUNTERSIGN_CONFIG"],
    ["no object", "[]", "must be a JSON object"],
    ["an unknown member", '{"datta":"/d"}', "datta is no setting"],
  ])("%s is refused", (_name, text, message) => {
    const config = join(folder, "bad.json");
    writeFileSync(config, text);
    expect(() => read({ ...base, config })).toThrow(message);
  });
  test("must exist once it is named", () => {
    expect(() => read({ ...base, config: join(folder, "none") })).toThrow("COUNTERSIGN_CONFIG");
  });
});

test("every setting is described", () => {
  for (const { flag, variable, meaning } of describeSettings()) {
    expect(flag).toMatch(/^[a-z-]+$/);
    expect(variable).toMatch(/^COUNTERSIGN_[A-Z_]+$/);
    expect(meaning.length).toBeGreaterThan(5);
  }
});

describe("where spans go", () => {
  test("by our names, or by the variable that OpenTelemetry's users know; empty is unset", () => {
    const standard = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.example:4318/base" };
    expect(read(base, standard).trace).toEqual({ endpoint: "https://collector.example:4318/base", ratio: 1 });
    const own = { ...standard, COUNTERSIGN_OTLP_ENDPOINT: "http://[::1]:4318" };
    expect(read({ ...base, "otlp-ratio": "0.25" }, own).trace).toEqual({ endpoint: "http://[::1]:4318", ratio: 0.25 });
    expect(read(base, { OTEL_EXPORTER_OTLP_ENDPOINT: "" }).trace).toBeUndefined();
  });

  test.each(["collector:4318", "grpc://x", "http://u:p@x", "http://x?y", "http://x#y", ""])("not to %j", (endpoint) => {
    expect(() => read({ ...base, "otlp-endpoint": endpoint })).toThrow("COUNTERSIGN_OTLP_ENDPOINT");
  });

  test.each(["-1", "1.5", "half"])("not %s of them", (part) => {
    expect(() => read({ ...base, "otlp-ratio": part })).toThrow("COUNTERSIGN_OTLP_RATIO");
  });
});
