// Whoever wants one person's yes to count for two, or for something else.
import { describe, expect, test } from "@jest/globals";
import { tenantKey } from "../identity/entity-key.ts";
import { parsePolicy } from "../policy/policy-document.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { shardOfKey } from "../store/entity.ts";
import { beginApproval } from "./begin-approval.ts";
import { countApproval } from "./count-approval.ts";
import { ApprovalWorld, PEOPLE } from "../testing/approval-world.ts";
import { newTestKey } from "../testing/core-world.ts";
import { happen } from "../transaction/happen.ts";
import { executionLane } from "../transaction/transaction-key.ts";

const claimOf = (txDigest: Uint8Array) =>
  ({ type: "claimed", claimId: "1", appId: "1", leaseMs: 60_000, idempotent: false, txDigest }) as const;

describe("check 27: one person is one", () => {
  test("the same approver twice, and his statement again", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    const child = await world.asked(parent, "treasurer");
    const signed = world.core.signed(child, {}, world.keyOf("treasurer"));
    await world.submit(child, signed);
    await world.submit(child, signed);
    await world.sweep();
    await world.submit(child, signed);
    await world.sweep();
    expect(await world.begin(parent, "treasurer")).toMatchObject({ refused: "NOT_ALLOWED" });
    expect(await world.now(parent)).toMatchObject({ state: "PARTIAL", approvals: [{ userId: "treasurer" }] });
  });

  test("the requester, also with another key, and though the rule names him", async () => {
    const rule = { users: ["erika", "treasurer", "director"], needed: 2 };
    const world = await ApprovalWorld.open({ policy: { approvers: [rule] } });
    await world.core.addKey(world.core.identity, newTestKey());
    const parent = await world.confirmed();
    expect(await world.begin(parent, "erika")).toMatchObject({ refused: "NOT_ALLOWED" });
    await world.approve(parent, "treasurer");
    expect(await world.now(parent)).toMatchObject({ state: "PARTIAL" });
  });

  test("somebody whom the rule does not name", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    expect(await world.begin(parent, "auditor")).toMatchObject({ refused: "NOT_ALLOWED" });
  });

  test("two approvals at the same instant, told by two cores at once", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    const children = await Promise.all(["treasurer", "director"].map((one) => world.asked(parent, one)));
    await Promise.all(children.map((child) => world.sign(child)));
    await Promise.all([world.sweep(), world.sweep(), world.sweep()]);
    const after = await world.now(parent);
    expect(after).toMatchObject({ state: "CONFIRMED" });
    expect(after.approvals?.map(({ userId }) => userId).toSorted()).toEqual(["director", "treasurer"]);
  });
});

describe("check 27: a statement counts for its own transaction alone", () => {
  test("an approver's handed in for the whole", async () => {
    const world = await ApprovalWorld.open();
    const other = await world.core.pending();
    const parent = await world.confirmed();
    const child = await world.asked(parent, "treasurer");
    const signed = world.core.signed(child, {}, world.keyOf("treasurer"));
    expect(await world.submit(other, signed)).toMatchObject({ refused: "KEY_NOT_OWNED" });
    expect(await world.submit(parent, signed)).toMatchObject({ refused: "STATE_CONFLICT" });
  });

  test("of another transaction with its code, and the requester's own key for the approver", async () => {
    const world = await ApprovalWorld.open();
    const [one, two] = [await world.confirmed(), await world.confirmed()];
    const [a, b] = [await world.asked(one, "treasurer"), await world.asked(two, "treasurer")];
    const key = world.keyOf("treasurer");
    expect(await world.submit(b, world.core.signed(a, {}, key))).toMatchObject({ refused: "STATEMENT_MISMATCH" });
    // The codes of two transactions are equal once in a million times; then another wrong one stands for it.
    const same = world.core.code(a) === world.core.code(b);
    const code = same ? world.core.wrongCode(b) : world.core.code(a);
    expect(await world.submit(b, world.core.signed(b, { code }, key))).toMatchObject({ refused: "WRONG_CODE" });
    expect(await world.submit(a, world.core.signed(a))).toMatchObject({ refused: "KEY_NOT_OWNED" });
    expect([await world.now(one), await world.now(two)]).toMatchObject([{ state: "PARTIAL" }, { state: "PARTIAL" }]);
  });

  test("an approval alone is offered to nobody, and cannot be claimed or approved itself", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    const child = await world.approve(parent, "treasurer");
    expect(child.state).toBe("APPROVED");
    const lane = await world.store.lane(executionLane(world.core.tenantId), 10);
    expect(lane).toEqual([]);
    for (const { txId, txDigest } of [child, parent]) {
      expect(await happen(world.given, txId, claimOf(txDigest), "test")).toMatchObject({ refused: "STATE_CONFLICT" });
    }
    expect(await world.begin(child, "director")).toMatchObject({ refused: "BAD_INPUT" });
  });

  test("an event for an approval that nobody asked for", async () => {
    const world = await ApprovalWorld.open();
    const [one, two] = [await world.confirmed(), await world.confirmed()];
    const child = await world.approve(one, "treasurer");
    if (child.state !== "APPROVED") throw new Error(child.state);
    const { keyId, signedStatement, at } = child.confirmation;
    const approval = { userId: "treasurer", txId: child.txId, keyId, signedStatement, at };
    await happen(world.given, two.txId, { type: "approval-given", approval, unfit: [] }, "test");
    expect((await world.now(two)).approvals).toBeUndefined();
  });
});

describe("check 27: who is out does not count", () => {
  test.each([
    ["frozen since", async (world: ApprovalWorld) => world.freeze("treasurer")],
    ["his key revoked since", async (world: ApprovalWorld) => world.revoke("treasurer")],
    [
      "frozen since, and free again",
      async (world: ApprovalWorld) => {
        await world.freeze("treasurer");
        await world.thaw("treasurer");
      },
    ],
  ])("an approver %s: his approval falls when the last one comes", async (_how, stop) => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    await world.approve(parent, "treasurer");
    world.core.clock.advance(1000);
    await stop(world);
    await world.approve(parent, "director");
    const after = await world.now(parent);
    expect(after).toMatchObject({ state: "PARTIAL", approvals: [{ userId: "director" }] });
    expect(await world.execute(parent)).toBe("STATE_CONFLICT");
  });

  test("frozen, free again, and asked again: then he counts", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    await world.approve(parent, "treasurer");
    await world.freeze("treasurer");
    await world.thaw("treasurer");
    await world.approve(parent, "director");
    world.core.clock.advance(1000);
    await world.approve(parent, "treasurer");
    expect(await world.now(parent)).toMatchObject({ state: "CONFIRMED" });
  });

  test.each([
    ["frozen", (world: ApprovalWorld) => world.freeze("erika")],
    ["his key revoked", (world: ApprovalWorld) => world.revoke("erika")],
  ])("who asked is %s before the last approval: it ends", async (_how, stop) => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    await world.approve(parent, "treasurer");
    await stop(world);
    await world.approve(parent, "director");
    expect(await world.now(parent)).toMatchObject({ state: "CANCELLED" });
  });

  test("a frozen approver can be asked for nothing", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    await world.freeze("treasurer");
    expect(await world.begin(parent, "treasurer")).toMatchObject({ refused: "USER_BLOCKED" });
    await world.thaw("treasurer");
    expect(isRefusal(await world.begin(parent, "treasurer"))).toBe(false);
    expect((await world.now(parent)).asked).toHaveLength(1);
  });
});

test("a policy that asks for less since then changes nothing of what is open", async () => {
  const world = await ApprovalWorld.open();
  const parent = await world.confirmed();
  const key = tenantKey(world.core.tenantId);
  const { entities } = await world.store.load(shardOfKey(key), key);
  const [tenant] = entities;
  if (tenant.body === undefined) throw new Error("no tenant");
  const body = { ...tenant.body, policy: parsePolicy({}), policyVersion: 2 };
  await world.core.commit(shardOfKey(key), [{ key, expected: tenant.version, body }]);
  await world.approve(parent, "treasurer");
  expect(await world.now(parent)).toMatchObject({ state: "PARTIAL" });
});

test("another tenant's app learns nothing of it", async () => {
  const world = await ApprovalWorld.open();
  const parent = await world.confirmed();
  const ask = { tenantId: "f".repeat(32), parentId: parent.txId, userId: "treasurer", actor: "app:other" };
  expect(await beginApproval(world.given, ask)).toMatchObject({ refused: "UNKNOWN_TRANSACTION" });
});

describe("check 27: a no that its own entry tells nobody", () => {
  test.each(["on the key", "by a key that was shown something else"])("%s", async (how) => {
    const world = await ApprovalWorld.open({ policy: { approvers: [{ users: [...PEOPLE], needed: 2 }] } });
    const parent = await world.confirmed();
    const [no, ...yes] = [
      await world.asked(parent, "auditor"),
      await world.asked(parent, "treasurer"),
      await world.asked(parent, "director"),
    ];
    const key = world.keyOf("auditor");
    const signed =
      how === "on the key"
        ? world.core.reject(no, {}, key)
        : world.core.signed(no, { txDigest: new Uint8Array(32).fill(9) }, key);
    await world.submit(no, signed);
    // Somebody has hidden in the store that there is something to tell: only what the others say is told.
    for (const child of yes) {
      await world.sign(child);
      await countApproval(world.given, await world.now(child));
    }
    const state = how === "on the key" ? "REJECTED" : "TAMPERED";
    expect(await world.now(parent)).toMatchObject({ state, by: "auditor" });
  });
});
