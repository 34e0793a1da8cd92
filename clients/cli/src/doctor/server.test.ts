import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AdminServiceGetSummaryResponse } from "@countersign/proto/node/admin/v1/admin_service";
import { tempFolder } from "@countersign/testing";
import { AdminCli } from "../testing/admin-cli.ts";
import type { Finding } from "./finding.ts";
import { dataFindings, secretsFindings } from "./server-files.ts";
import { portFindings, readyFindings } from "./server-services.ts";

const root = tempFolder();
let data: string;
let secrets: string;

beforeEach(() => {
  const folder = mkdtempSync(join(root, "core-"));
  [data, secrets] = [join(folder, "data"), join(folder, "secrets")];
  for (const one of [data, secrets]) mkdirSync(one, { mode: 0o700 });
  const db = new DatabaseSync(join(data, "countersign.db"));
  db.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x)");
  db.close();
  for (const name of ["server-id", "code.key", "store.key", "token.key", "signing-key.pem"]) {
    writeFileSync(join(secrets, name), "x", { mode: 0o600 });
  }
});

const wrong = (findings: readonly Finding[]): string[] =>
  findings.filter(({ good }) => !good).map(({ what, fix }) => `${what} -> ${fix}`);

test("a core's folders as bootstrap makes them are good", () => {
  expect([...wrong(dataFindings(data, secrets)), ...wrong(secretsFindings(secrets))]).toEqual([]);
});

test.each<[string, () => readonly Finding[], string]>([
  ["an open folder of secrets", () => (chmodSync(secrets, 0o755), secretsFindings(secrets)), "chmod 700"],
  ["an open secret", () => (chmodSync(join(secrets, "code.key"), 0o640), secretsFindings(secrets)), "chmod 600"],
  ["a secret that is gone", () => (rmSync(join(secrets, "store.key")), secretsFindings(secrets)), "store.key missing"],
  ["no such folder of secrets", () => secretsFindings(join(secrets, "none")), "run doctor as the core's user"],
  ["no store", () => dataFindings(secrets, undefined), "name the folder by --data"],
  ["an open folder of data", () => (chmodSync(data, 0o750), dataFindings(data, secrets)), "chmod 700"],
  ["secrets inside the data", () => dataFindings(data, join(data, "secrets")), "move them out"],
  [
    "a store without its log",
    () => {
      const db = new DatabaseSync(join(data, "countersign.db"));
      db.exec("PRAGMA journal_mode = DELETE");
      db.close();
      return dataFindings(data, secrets);
    },
    "no write-ahead log",
  ],
])("%s is named, with its fix", (_name, look, words) => {
  expect(wrong(look())).toEqual([expect.stringContaining(words)]);
});

test("a core that is ready, one that is not, and none at all", async () => {
  let code = 200;
  const server = createServer((_request, response) => response.writeHead(code).end("store: away"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  expect(wrong(await readyFindings(url))).toEqual([]);
  expect(wrong(await portFindings("web", `127.0.0.1:${port}`, "x"))).toEqual([]);
  code = 503;
  expect(wrong(await readyFindings(url))).toEqual([expect.stringContaining("not ready: store: away")]);
  await new Promise((resolve) => server.close(resolve));
  expect(wrong(await readyFindings(url))).toEqual([expect.stringContaining("--admin-listen")]);
  expect(wrong(await portFindings("web", `127.0.0.1:${port}`, "start it"))).toEqual([
    expect.stringContaining("start it"),
  ]);
  expect(wrong(await portFindings("web", "nonsense", "x"))).toEqual([expect.stringContaining("host:port")]);
  expect(wrong(await readyFindings("nonsense"))).toEqual([expect.stringContaining("is no address")]);
});

const summary = (attached: number): object =>
  AdminServiceGetSummaryResponse.create({
    bots: { attached, total: 2, paused: 0, waiting: 0 },
    index: { read: 1024, of: 1024 },
  });

let cli: AdminCli | undefined;
afterEach(() => cli?.world.close());

test("doctor --server asks the core for bots and chains, and says what it did not look at", async () => {
  cli = await AdminCli.open();
  cli.answers.set("GetSummary", () => summary(2));
  const good = await cli.world.run("doctor", "--server", "--data", data, "--secrets", secrets);
  expect([good.code, good.out]).toEqual([0, expect.stringContaining("bots: all 2 attached")]);
  cli.answers.set("GetSummary", () => summary(1));
  const bad = await cli.world.run("doctor", "--server", "--data", data);
  expect([bad.code, bad.out]).toEqual([69, expect.stringContaining("Fix: start those that are missing")]);
  expect((await cli.world.run("doctor", "--server")).out).toContain("no part of the host was looked at");
});
