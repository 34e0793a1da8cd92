// Approvers who do not exist: no rule may name them, and a rule whose people are gone lets nothing through.
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ChangeState } from "@countersign/proto/node/admin/v1/admin_service";
import { userKey } from "../identity/entity-key.ts";
import { shardOfUser } from "../store/entity.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { ApprovalWorld } from "../testing/approval-world.ts";
import type { CoreWorld } from "../testing/core-world.ts";
import { createTransaction } from "../transaction/create.ts";

/** As somebody does who writes to the store. */
async function vanish(core: CoreWorld, userId: string): Promise<void> {
  const { tenantId } = core;
  const [shard, key] = [shardOfUser(tenantId, userId), userKey(tenantId, userId)];
  const { entities } = await core.given.store.load(shard, key);
  await core.commit(shard, [{ key, expected: entities[0].version, body: undefined }]);
}

describe("rules that name people", () => {
  let opened: ServedAdmins;
  beforeEach(async () => {
    opened = await ServedAdmins.open();
  });
  afterEach(() => opened.close());

  /** Asked for and confirmed by both; not carried out. */
  async function approved(): Promise<string> {
    const { admins, anna, bob, client } = opened;
    const documentJson = JSON.stringify({ approvers: [{ users: ["erika"], needed: 1 }] });
    const asked = await admins.request(client, anna, {
      $case: "setPolicy",
      value: { documentJson, expectedVersion: 1 },
    });
    await admins.confirm(anna, asked);
    const changeId = asked.change?.changeId ?? "";
    await admins.sign(bob, await admins.approve(client, bob, changeId));
    return changeId;
  }

  test("whom the tenant has: they are in force", async () => {
    const changeId = await approved();
    await opened.admins.carryOut(changeId);
    const change = await opened.admins.change(opened.client, opened.anna, changeId);
    expect(change.state).toBe(ChangeState.APPLIED);
  });

  test("who is gone when it is carried out: nothing is done", async () => {
    const changeId = await approved();
    await vanish(opened.admins.world, "erika");
    await opened.admins.carryOut(changeId);
    const change = await opened.admins.change(opened.client, opened.anna, changeId);
    expect(change).toMatchObject({ state: ChangeState.FAILED, failure: "BAD_INPUT" });
    expect(change.detail).toContain("approvers.0.users.0: the tenant has no user erika");
  });
});

describe("an approver who is gone", () => {
  test("before Create: it is refused, naming him", async () => {
    const world = await ApprovalWorld.open();
    await vanish(world.core, "director");
    expect(await createTransaction(world.given, world.core.draft())).toMatchObject({
      refused: "POLICY_UNMET",
      message: expect.stringContaining("director: there is no such user"),
    });
  });

  test("afterwards: he is not asked, and it lapses", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    await world.approve(parent, "treasurer");
    await vanish(world.core, "director");
    expect(await world.begin(parent, "director")).toMatchObject({ refused: "NOT_FOUND" });
    world.core.clock.advance(72 * 3_600_000);
    await world.sweep();
    expect(await world.now(parent)).toMatchObject({ state: "EXPIRED" });
  });

  test("after his yes, before it counts: it does not", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    await world.approve(parent, "treasurer");
    await vanish(world.core, "treasurer");
    await world.approve(parent, "director");
    expect(await world.now(parent)).toMatchObject({ state: "PARTIAL" });
  });
});
