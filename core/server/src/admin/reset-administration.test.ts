import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AdminServiceClient, Role } from "@countersign/proto/node/admin/v1/admin_service";
import { AuditServiceClient, AuditServiceListRequest } from "@countersign/proto/node/admin/v1/audit_service";
import { credentials } from "@grpc/grpc-js";
import { tempFolder } from "@countersign/testing";
import type { CoreConfig } from "../config.ts";
import { openLog } from "../log.ts";
import { newToken } from "../rpc/token.ts";
import { DATABASE_FILE } from "../store/sqlite-database.ts";
import { startCore, type RunningCore } from "../start-core.ts";
import { hashOf } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { RandomPool } from "../random-pool.ts";
import { FIRST_ADMIN_FILE } from "./first-admin.ts";
import { resetAdministration } from "./reset-administration.ts";

const root = tempFolder();
let runs = 0;
let config: CoreConfig;
let core: RunningCore | undefined;
let admins: AdminServiceClient;
let audit: AuditServiceClient;

beforeEach(async () => {
  const folder = join(root, `${(runs += 1)}`);
  const [data, secrets] = [join(folder, "data"), join(folder, "secrets")];
  config = {
    ...{ data, secrets, store: undefined, tls: undefined, web: undefined, admin: undefined, maxStreams: 100 },
    ...{ listen: { host: "127.0.0.1", port: 0 }, development: true, logLevel: "info" },
  };
  await start();
});
afterEach(() => stop());

async function start(): Promise<void> {
  core = await startCore(config, openLog("silent"));
  admins = new AdminServiceClient(core.address, credentials.createInsecure());
  audit = new AuditServiceClient(core.address, credentials.createInsecure());
}

async function stop(): Promise<void> {
  admins.close();
  audit.close();
  await core?.drain();
  core = undefined;
}

const tokenFile = (): string => join(config.secrets, FIRST_ADMIN_FILE);
const draw = (): string => newToken("cs_admin_", new RandomPool());

/** The one-time token of the file becomes an administrator of this name. */
async function claim(adminId: string): Promise<string> {
  const token = draw();
  const request = { adminId, tokenSha256: hashOf(token), phrase: "", locale: "" };
  await call(admins, "claim", request, readFileSync(tokenFile(), "utf8").trim());
  return token;
}

test("every administrator is out, a new first one comes by the file, and the audit tells all of it", async () => {
  const lost = await claim("anna");
  await stop();
  const reset = await resetAdministration(config);
  expect(reset).toEqual({
    ...{ tokenFile: tokenFile(), disabled: ["anna"], first: "anna" },
    audited: ["admin.disabled", "token.issued", "administration.reset"],
  });
  expect(statSync(tokenFile()).mode & 0o777).toBe(0o600);
  expect(JSON.stringify(reset)).not.toContain(readFileSync(tokenFile(), "utf8").trim());
  await start();
  expect((await refused(call(admins, "whoAmI", {}, lost))).reason).toBe("UNAUTHENTICATED");
  // Names are not given twice.
  expect((await refused(claim("anna"))).reason).toBe("STATE_CONFLICT");
  const token = await claim("berta");
  const who = await call(admins, "whoAmI", {}, token);
  expect(who.admin).toMatchObject({ adminId: "berta", role: Role.OWNER });
  expect([who.mayConfirmOwnKey, who.hasKey]).toEqual([true, false]);
  const { events } = await call(audit, "list", AuditServiceListRequest.create({ pageSize: 100 }), token);
  const told = events.map(({ event }) => event);
  expect(told).toEqual(expect.arrayContaining(["admin.disabled", "administration.reset", "admin.claimed"]));
});

test("again: the last token counts, and none before it", async () => {
  await claim("anna");
  await stop();
  await resetAdministration(config);
  const first = readFileSync(tokenFile(), "utf8").trim();
  expect((await resetAdministration(config)).disabled).toEqual([]);
  await start();
  const request = { adminId: "eve", tokenSha256: hashOf(draw()), phrase: "", locale: "" };
  expect((await refused(call(admins, "claim", request, first))).reason).toBe("UNAUTHENTICATED");
  await claim("berta");
});

test("an administrator whom somebody hid in the store is missed, and nothing is done", async () => {
  await claim("anna");
  await stop();
  const before = readFileSync(tokenFile(), "utf8");
  const db = new DatabaseSync(join(config.data ?? "", DATABASE_FILE));
  db.exec("UPDATE entity SET owner = 'eve' WHERE type = 'admin'");
  db.close();
  await expect(resetAdministration(config)).rejects.toThrow("verify-audit");
  expect(readFileSync(tokenFile(), "utf8")).toBe(before);
});

test("so is one of after an earlier reset, though all that came before it are there", async () => {
  await claim("anna");
  await stop();
  await resetAdministration(config);
  await start();
  await claim("berta");
  await stop();
  const db = new DatabaseSync(join(config.data ?? "", DATABASE_FILE));
  db.exec("UPDATE entity SET owner = 'eve' WHERE type = 'admin' AND id = 'berta'");
  db.close();
  await expect(resetAdministration(config)).rejects.toThrow("1 of at least 2 administrators");
});

test("not beside a core on the same folder, and nothing is written then", async () => {
  const token = await claim("anna");
  const before = readFileSync(tokenFile(), "utf8");
  await expect(resetAdministration(config)).rejects.toThrow("in use by another core");
  expect(readFileSync(tokenFile(), "utf8")).toBe(before);
  expect((await call(admins, "whoAmI", {}, token)).admin?.adminId).toBe("anna");
});

test("where there never was a core it says what to do", async () => {
  await stop();
  rmSync(config.data ?? "", { recursive: true });
  await expect(resetAdministration(config)).rejects.toThrow("start a core");
  await start();
});
