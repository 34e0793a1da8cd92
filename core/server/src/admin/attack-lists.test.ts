// Lists that need no tenant: who is of one sees there what is of it, and of the installation and of others nothing.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  AdminServiceListAdminsRequest,
  AdminServiceListChangesRequest,
  AdminServiceListTenantsRequest,
  type Action,
  type AdminServiceGetSummaryResponse,
} from "@countersign/proto/node/admin/v1/admin_service";
import type { Role } from "./admin.ts";
import type { HexId } from "../store/entity.ts";
import { ServedAdmins, type TestAdmin } from "../testing/admin-world.ts";
import { call } from "../testing/call.ts";
import { drawHexId, newTestKey } from "../testing/core-world.ts";

let world: ServedAdmins;
let own: HexId;
let ownChange: string;
const callers = new Map<Role, TestAdmin>();

beforeAll(async () => {
  world = await ServedAdmins.open();
  const { admins } = world;
  own = admins.world.tenantId;
  const other = await admins.addTenant("Other Bank");
  await admins.addAdmin("olga", "admin", other);
  for (const role of ["admin", "operator", "auditor"] as const)
    callers.set(role, await admins.addAdmin(`of-one-${role}`, role, own));
  await admins.world.addUser({ tenantId: other, userId: "otto" }, newTestKey(), drawHexId());
  ownChange = await changed({ $case: "resumeUser", value: { userId: admins.world.userId } }, own);
  await changed({ $case: "resumeUser", value: { userId: "otto" } }, other);
  await changed({ $case: "createTenant", value: { name: "Third", issuer: "Third Bank" } }, "");
});
afterAll(() => world.close());

async function changed(what: NonNullable<Action["what"]>, tenantId: string): Promise<string> {
  const { change } = await world.admins.request(world.client, world.anna, what, tenantId);
  return change?.changeId ?? "";
}

const ask = {
  admins: async ({ token }: TestAdmin) =>
    (await call(world.client, "listAdmins", AdminServiceListAdminsRequest.create({ pageSize: 100 }), token)).admins.map(
      ({ adminId }) => adminId,
    ),
  tenants: async ({ token }: TestAdmin) =>
    (
      await call(world.client, "listTenants", AdminServiceListTenantsRequest.create({ pageSize: 100 }), token)
    ).tenants.map(({ tenantId }) => tenantId),
  changes: async ({ token }: TestAdmin) =>
    (
      await call(world.client, "listChanges", AdminServiceListChangesRequest.create({ pageSize: 100 }), token)
    ).changes.map(({ changeId }) => changeId),
};

test("an owner sees all of it", async () => {
  expect(await ask.admins(world.anna)).toEqual([
    ...["anna", "bob", "of-one-admin", "of-one-auditor", "of-one-operator", "olga"],
  ]);
  expect(await ask.tenants(world.anna)).toHaveLength(3);
  expect(await ask.changes(world.anna)).toHaveLength(3);
});

test.each(["admin", "operator", "auditor"] as const)("check 28: of one tenant: %s", async (role) => {
  const caller = callers.get(role) ?? world.anna;
  expect(await ask.admins(caller)).toEqual(["of-one-admin", "of-one-auditor", "of-one-operator"]);
  expect(await ask.tenants(caller)).toEqual([own]);
  expect(await ask.changes(caller)).toEqual([ownChange]);
  // Who is asked to resume otto waits for a key elsewhere.
  expect((await summaryOf(caller)).pendingChanges).toBe(1n);
});

/** Once the index is built: each call brings it on. */
async function summaryOf({ token }: TestAdmin): Promise<AdminServiceGetSummaryResponse> {
  for (;;) {
    const summary = await call(world.client, "getSummary", { tenantId: "" }, token);
    if (summary.index?.read === summary.index?.of) return summary;
  }
}
