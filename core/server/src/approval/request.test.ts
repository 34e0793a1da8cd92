import { expect, test } from "@jest/globals";
import type { EntityKey } from "../store/entity.ts";
import { happen } from "../transaction/happen.ts";
import { ApprovalWorld } from "../testing/approval-world.ts";
import { showRequest } from "./request.ts";

async function wanted(world: ApprovalWorld): Promise<number> {
  return (await world.core.deliveries()).filter(({ wanted: { notice } }) => notice?.type === "APPROVAL_ASKED").length;
}

test("a core that read the transaction before it ended brings no request back, and settles", async () => {
  const world = await ApprovalWorld.open();
  const before = await world.confirmed();
  expect(await wanted(world)).toBe(2);
  await happen(world.given, before.txId, { type: "cancelled", by: "app", detail: "" }, "test");
  await world.sweep();
  expect(await world.left("approval-request")).toBe(0);
  await showRequest(world.given, before, "treasurer");
  expect(await world.left("approval-request")).toBe(0);
});

test("nor one that its time has ended, before anybody wrote that down", async () => {
  const world = await ApprovalWorld.open();
  const before = await world.confirmed();
  if (before.state !== "PARTIAL") throw new Error(before.state);
  world.core.clock.advance(before.until - world.store.now());
  const due = await world.store.due(Number.MAX_SAFE_INTEGER, 1000);
  for (const found of due.filter(({ key }) => key.type === "approval-request")) await world.handle(found);
  expect(await world.left("approval-request")).toBe(0);
  await showRequest(world.given, before, "treasurer");
  expect(await world.left("approval-request")).toBe(0);
});

test("a request that is there once more tells nobody twice", async () => {
  const world = await ApprovalWorld.open();
  const parent = await world.confirmed();
  const due = await world.store.due(Number.MAX_SAFE_INTEGER, 1000);
  for (const { shard, key } of due.filter(({ key: { type } }) => type === "approval-request")) {
    const { entities } = await world.store.load(shard, key);
    await world.core.commit(shard, [
      { key: key as EntityKey<"approval-request">, expected: entities[0].version, body: undefined },
    ]);
  }
  expect(await world.left("approval-request")).toBe(0);
  await showRequest(world.given, parent, "treasurer");
  expect(await world.left("approval-request")).toBe(1);
  expect(await wanted(world)).toBe(2);
});
