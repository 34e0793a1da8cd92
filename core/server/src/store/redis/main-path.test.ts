// Create to executed over Redis, in one process and as programs.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { credentials, Client, status } from "@grpc/grpc-js";
import { startChild, tempFolder, testWith, type Child } from "@countersign/testing";
import type { AuditReport } from "../../audit/verify-audit.ts";
import { isRefusal } from "../../rpc/refusal.ts";
import { bearer, endedBy } from "../../testing/serve-world.ts";
import { CoreWorld } from "../../testing/core-world.ts";
import type { CoreGiven } from "../../given.ts";
import { happen } from "../../transaction/happen.ts";
import { submitStatement } from "../../verification/submit-statement.ts";
import { drawId } from "../store-fixture.ts";
import { openTestStore } from "./testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";

const MAIN = "core/server/src/main.ts";
const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const children: Child[] = [];
let server: RedisServer;

beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop("SIGKILL")));
});
afterAll(() => server?.stop());

peerTest("D1: a transaction created on one core is confirmed on another and executed once by two", async () => {
  const prefix = drawId();
  const world = await CoreWorld.open({ open: (clock) => openTestStore(server.port, prefix, { clock }) });
  const other: CoreGiven = {
    ...world.given,
    store: await openTestStore(server.port, prefix, { clock: world.clock }),
  };
  const pending = await world.pending();
  const { txId, tenantId, txDigest } = pending;
  const signed = world.signed(pending);
  const answers = await Promise.all([
    submitStatement(other, { txId, tenantId, signed }),
    submitStatement(world.given, { txId, tenantId, signed }),
  ]);
  expect(answers.map((one) => (isRefusal(one) ? one.refused : one.state))).toEqual(["CONFIRMED", "CONFIRMED"]);
  expect(await world.audited("statement.accepted")).toBe(1);
  const claim = (given: CoreGiven, who: string): ReturnType<typeof happen> => {
    const appId = who.repeat(32);
    const event = { type: "claimed", claimId: who, appId, txDigest, leaseMs: 60_000, idempotent: false } as const;
    return happen(given, txId, event, "test");
  };
  const claims = await Promise.all([claim(world.given, "1"), claim(other, "2")]);
  expect(claims.filter((one) => !isRefusal(one))).toHaveLength(1);
  const after = await world.transaction(txId);
  expect(after.state).toBe("EXECUTING");
  await world.given.store.close();
  await other.store.close();
});

function argv(...args: string[]): string[] {
  return ["--conditions=source", "--disable-warning=ExperimentalWarning", join(process.cwd(), MAIN), ...args];
}

function run(...args: string[]): string {
  return execFileSync(process.execPath, argv(...args), { encoding: "utf8", stdio: "pipe" });
}

peerTest("bootstrap refuses servers that forget, but for development, where it says so", async () => {
  const forgetful = await startRedis({ folder: join(folder, "forgetful"), settings: ["--appendonly", "no"] });
  try {
    const out = join(folder, "forgetful-out");
    const args = [
      ...["bootstrap", "--store", `redis://127.0.0.1:${forgetful.port}`, "--secrets", join(folder, "forgetful-keys")],
      ...["--out", out, "--tenant", "bank", "--issuer", "Example Bank", "--app", "shop:submit"],
    ];
    expect(() => run(...args)).toThrow("set appendonly yes");
    expect([existsSync(out), await forgetful.command("DBSIZE")]).toEqual([false, 0]);
    const { status: exit, stderr } = spawnSync(process.execPath, argv(...args, "--development"), { encoding: "utf8" });
    expect([exit, stderr]).toEqual([0, expect.stringContaining("set appendonly yes")]);
    expect(existsSync(join(out, "shop.token"))).toBe(true);
  } finally {
    await forgetful.stop();
  }
});

const raw = (bytes: Buffer): Buffer => bytes;

function ask(address: string, token: string): Promise<number> {
  const client = new Client(address, credentials.createInsecure());
  const path = "/countersign.core.v1.TransactionService/Get";
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      raw,
      raw,
      Buffer.alloc(0),
      bearer(token),
      { deadline: Date.now() + 60_000 },
      (error) => {
        client.close();
        resolve(error === null ? status.OK : endedBy(error).code);
      },
    );
  });
}

peerTest(
  "bootstrap and two cores over one Redis: a token made by the first is known to both, a foreign K_store to none",
  async () => {
    const own = await startRedis({ folder: join(folder, "own") });
    try {
      const store = ["--store", `redis://127.0.0.1:${own.port}`];
      const secrets = ["--secrets", join(folder, "secrets")];
      expect(() => run("serve", ...store, ...secrets, "--listen", "127.0.0.1:0")).toThrow("run bootstrap first");
      const names = ["--tenant", "bank", "--issuer", "Example Bank", "--app", "shop:submit"];
      run("bootstrap", ...store, ...secrets, "--out", join(folder, "out"), ...names);
      const token = readFileSync(join(folder, "out/shop.token"), "utf8").trim();
      const seal = join(folder, "heads.seal");
      const before = JSON.parse(run("verify-audit", ...store, ...secrets, "--seal", seal)) as AuditReport;
      expect(before).toMatchObject({ ok: true, findings: [] });
      expect(before.entities).toBeGreaterThan(2);
      expect(existsSync(seal)).toBe(true);
      for (let i = 0; i < 2; i++) {
        const core = await startChild(MAIN, ["serve", ...store, ...secrets, "--listen", "127.0.0.1:0"]);
        children.push(core);
        const address = String(core.ready["address"]);
        expect(await ask(address, "cs_app_unknown")).toBe(status.UNAUTHENTICATED);
        expect(await ask(address, token)).toBe(status.NOT_FOUND); // he is known, what he asks for is not
      }
      const foreign = ["--secrets", join(folder, "foreign")];
      run("bootstrap", "--data", join(folder, "data"), ...foreign, "--out", join(folder, "out2"), ...names);
      expect(() => run("serve", ...store, ...foreign, "--listen", "127.0.0.1:0")).toThrow("another K_store");
    } finally {
      await own.stop();
    }
  },
);
