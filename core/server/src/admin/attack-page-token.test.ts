// A page token is bound to its list by a hash without a key: whoever can call a list can write one, with any place in it.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import * as proto from "@countersign/proto/node/admin/v1/admin_service";
import * as auditProto from "@countersign/proto/node/admin/v1/audit_service";
import { status } from "@grpc/grpc-js";
import { openLog } from "../log.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { servicesOf } from "../services.ts";
import { AdminWorld, type TestAdmin } from "../testing/admin-world.ts";
import { serveWorld, type Ended, type ServedWorld } from "../testing/serve-world.ts";
import { readPage } from "./page.ts";

let admins: AdminWorld;
let served: ServedWorld;
let anna: TestAdmin;
const log: string[] = [];

beforeAll(async () => {
  admins = await AdminWorld.open();
  const { given } = admins.world;
  served = await serveWorld(servicesOf({ ...given, log: openLog("error", { write: (line) => void log.push(line) }) }));
  anna = await admins.addAdmin("anna", "owner");
  await admins.world.pending();
});
afterAll(() => served.close());

type Codec = { create(base: object): object; encode(message: object): { finish(): Uint8Array } };

function ask(service: "AdminService" | "AuditService", rpc: string, request: object): Promise<Ended> {
  const all = { ...proto, ...auditProto } as unknown as Record<string, Codec>;
  const codec = all[`${service}${rpc}Request`];
  if (codec === undefined) throw new Error(`${rpc} has no request`);
  const bytes = codec.encode(codec.create(request)).finish();
  return served.call(`/countersign.admin.v1.${service}/${rpc}`, bytes, anna.token);
}

/** A list, a request of it without a page, and what its tokens are bound to. */
const LISTS: readonly (readonly [string, (tenantId: string) => object, (tenantId: string) => readonly unknown[]])[] = [
  ["ListUsers", (tenantId) => ({ tenantId }), (tenantId) => ["users", tenantId, "", 0]],
  ["ListDeliveries", (tenantId) => ({ tenantId }), (tenantId) => ["deliveries", tenantId, "", [], ""]],
  ["ListChanges", () => ({}), () => ["changes", "", [], ""]],
  ["ListKeys", (tenantId) => ({ tenantId, userId: "erika" }), (tenantId) => ["keys", tenantId, "erika", 0]],
  ["ListLinks", (tenantId) => ({ tenantId, userId: "erika" }), (tenantId) => ["links", tenantId, "erika", ""]],
  ["ListTransactions", (tenantId) => ({ tenantId }), (tenantId) => ["transactions", tenantId, asked(tenantId)]],
  ["List", () => ({}), () => audited(false)],
  ["List", () => ({ newestFirst: true }), () => audited(true)],
  ["ListHeads", () => ({}), () => ["audit-heads"]],
];

function asked(tenantId: string): object {
  const {
    pageSize: _size,
    pageToken: _token,
    tenantId: _tenant,
    ...rest
  } = proto.AdminServiceListTransactionsRequest.create({ tenantId });
  return rest;
}

const audited = (newest: boolean) => ["audit", undefined, "", "", "", undefined, undefined, newest, ""];

const PLACES = [
  ...["0", "1", "-1", "999999999999999", "9999999999999999", "x", " ", "\n", "i.", "i.0", "i.x", "i.-0", "0.0", "0.1"],
  ...[
    "9999.1",
    "1023.999999999999999",
    "0.-1",
    "1.1.x",
    "9999.9999999999999999.x",
    "0.0.__proto__",
    "/",
    "1/",
    "/0.0.x",
  ],
  ...["9999999999999999/9999.9999999999999999.x", "0/x", "i.9223372036854775807", "i.-9223372036854775807", "i.é"],
  ...["9223372036854775807", "-9223372036854775807", "9223372036854775808", "9".repeat(300), "\u0000", "%", "🙂"],
];
const BY_NAME = ["ListKeys", "ListLinks"];
const NEVER: readonly number[] = [status.INTERNAL, status.UNKNOWN, status.DEADLINE_EXCEEDED];

test.each(LISTS)("%s goes on from any place, or says that it is no token of its", async (rpc, request, filters) => {
  const { tenantId } = admins.world;
  const start = readPage({ pageSize: 0, pageToken: "" }, filters(tenantId));
  if (isRefusal(start)) throw new Error(start.message);
  const service = rpc === "List" || rpc === "ListHeads" ? "AuditService" : "AdminService";
  let nonsense = 0;
  for (const place of PLACES) {
    const { code, message } = await ask(service, rpc, { ...request(tenantId), pageToken: start.tokenFor(place) });
    expect([place, NEVER.includes(code), message.includes("other filters")]).toEqual([place, false, false]);
    if (place === "x") nonsense = code;
  }
  // Lists in the order of names go on behind any text.
  expect(nonsense).toBe(BY_NAME.includes(rpc) ? status.OK : status.INVALID_ARGUMENT);
  expect(log).toEqual([]);
});

test("check 28: a token of another list, tenant or user is refused by name", async () => {
  const { tenantId } = admins.world;
  const other = await admins.addTenant("Other Bank");
  for (const filters of [
    ["users", other, "", 0],
    ["users", tenantId, "a", 0],
    ["deliveries", tenantId, "", [], ""],
  ]) {
    const start = readPage({ pageSize: 0, pageToken: "" }, filters);
    if (isRefusal(start)) throw new Error(start.message);
    const ended = await ask("AdminService", "ListUsers", { tenantId, pageToken: start.tokenFor("i.a") });
    expect([ended.code, ended.message]).toEqual([status.INVALID_ARGUMENT, expect.stringContaining("other filters")]);
  }
});
