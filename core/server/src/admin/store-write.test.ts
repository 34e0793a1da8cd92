// Who can write the store loosens nothing: what he wrote is found where it would count.
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ChangeState, type AdminServiceRequestChangeResponse } from "@countersign/proto/node/admin/v1/admin_service";
import { macKey } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { IntegrityError } from "../store/store.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";

const root = tempFolder();
let runs = 0;
let db: DatabaseSync;
let world: ServedAdmins;
let asked: AdminServiceRequestChangeResponse;

beforeEach(async () => {
  world = await ServedAdmins.open({
    open: (clock) =>
      openSqliteStore({
        ...{ folder: join(root, `${(runs += 1)}`), macKey: macKey(new Uint8Array(32).fill(7)), clock, cacheBytes: 0 },
        onOpened: (opened) => void (db = opened),
      }),
  });
  const { admins, anna, client } = world;
  const what = { $case: "setPolicy", value: { documentJson: '{"tries":5}', expectedVersion: 1 } } as const;
  asked = await admins.request(client, anna, what);
});
afterEach(async () => {
  await world.close();
  await world.admins.world.given.store.close();
});

/** The body alone: what else a row has would give it away by itself. */
function edit(type: string, from: string, to: string): void {
  const statement = db.prepare("UPDATE entity SET body = replace(body, ?, ?) WHERE type = ? AND instr(body, ?) > 0");
  expect(statement.run(from, to, type, from).changes).toBeGreaterThan(0);
}

test.each([
  ["a change that calls itself approved", "change", '"state":"REQUESTED"', '"state":"APPROVED"'],
  ["one that needs nobody", "change", '"needed":2', '"needed":0'],
  ["one with other rules in it", "change", '"tries":5', '"tries":1'],
])("threat 27: %s is not carried out", async (_name, type, from, to) => {
  edit(type, from, to);
  await expect(world.admins.carryOut(asked.change?.changeId ?? "")).rejects.toThrow(IntegrityError);
  const { client, anna } = world;
  const { policy } = await call(client, "getPolicy", { tenantId: "" }, anna.token);
  expect(policy?.version).toBe(1);
});

test("threat 27: an approval that was written in is found when the next key confirms", async () => {
  edit("change", '"approvals":[]', `"approvals":[{"adminId":"bob","txId":"${"0".repeat(32)}","at":1}]`);
  await expect(world.admins.sign(world.anna, asked)).rejects.toThrow(IntegrityError);
});

test("threat 27: a role that was written in opens nothing", async () => {
  const { admins, client } = world;
  const carl = await admins.addAdmin("carl", "auditor");
  edit("admin", '"role":"auditor"', '"role":"owner"');
  expect((await refused(call(client, "whoAmI", {}, carl.token))).reason).toBe("INTEGRITY");
});

test("untouched, it is carried out: nothing else is in the way", async () => {
  const { admins, anna, bob, client } = world;
  await admins.confirm(anna, asked);
  const changeId = asked.change?.changeId ?? "";
  await admins.confirm(bob, await admins.approve(client, bob, changeId));
  expect((await admins.change(client, anna, changeId)).state).toBe(ChangeState.APPLIED);
});
