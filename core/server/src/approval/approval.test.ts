import { fromHex, RejectReason, toHex, verifyReceipt } from "@countersign/protocol";
import { describe, expect, test } from "@jest/globals";
import { receiptOf } from "../receipt/receipt-service.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { ApprovalWorld } from "../testing/approval-world.ts";
import { createTransaction } from "../transaction/create.ts";
import { happen } from "../transaction/happen.ts";
import { decided } from "./decided.ts";
import { listApprovals } from "./list-approvals.ts";

const TWO_OF_THREE = { approvers: [{ users: ["treasurer", "director", "auditor"], needed: 2 }] };
const veto = { type: "vetoed", reason: RejectReason.WRONG_DATA, onKey: false, mayFreeze: true } as const;
const cancel = { type: "cancelled", by: "app", detail: "" } as const;

async function waiting(world: ApprovalWorld, userId: string): Promise<string[]> {
  const request = { userId, pageSize: 0, pageToken: "" };
  const page = await listApprovals(world.given, world.core.tenantId, request);
  if (isRefusal(page)) throw new Error(page.message);
  return page.transactions.map(({ txId }) => txId);
}

describe("two of two approve", () => {
  test("what its user, the treasurer and the director confirm is claimed and executed once", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    expect(parent).toMatchObject({ state: "PARTIAL" });
    expect([await waiting(world, "treasurer"), await waiting(world, "auditor")]).toEqual([[parent.txId], []]);
    await world.approve(parent, "treasurer");
    expect(await world.now(parent)).toMatchObject({ state: "PARTIAL", approvals: [{ userId: "treasurer" }] });
    expect([await waiting(world, "treasurer"), await waiting(world, "director")]).toEqual([[], [parent.txId]]);
    await world.approve(parent, "director");
    expect(await world.now(parent)).toMatchObject({ state: "CONFIRMED" });
    expect(await world.execute(parent)).toBe("EXECUTED");
    expect(await world.execute(parent, "2")).toBe("STATE_CONFLICT");
    await world.sweep();
    expect([await waiting(world, "director"), await world.left("outbox", "approval-request")]).toEqual([[], 0]);
  });

  test("each has the same content under a nonce, tag and code of his own", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    const child = await world.asked(parent, "treasurer");
    expect(child).toMatchObject({ userId: "treasurer", approves: { txId: parent.txId, userId: "erika" } });
    expect([toHex(child.content), toHex(child.txDigest)]).toEqual([toHex(parent.content), toHex(parent.txDigest)]);
    expect(child.nonce).not.toEqual(parent.nonce);
    expect(child.policy.approval).toBeUndefined();
  });

  test("the receipt holds every statement, and is checked offline", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    const early = await receiptOf(world.given, parent);
    const child = await world.approve(parent, "treasurer");
    await world.approve(parent, "director");
    const receipt = await receiptOf(world.given, await world.now(parent));
    if (isRefusal(receipt)) throw new Error(receipt.message);
    const { serverId, secrets } = world.given;
    const finding = verifyReceipt(receipt, { serverId: fromHex(serverId), publicKeys: [secrets.publicKey] });
    expect(finding).toMatchObject({ ok: true, approvers: [{ user: "treasurer" }, { user: "director" }] });
    expect(early).toMatchObject({ refused: "STATE_CONFLICT" });
    expect(await receiptOf(world.given, child)).toMatchObject({ refused: "STATE_CONFLICT" });
  });

  test("chats follow: who is asked, how far it is, how it ended", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    const asked = (await world.core.deliveries()).filter(({ wanted }) => wanted.notice?.type === "APPROVAL_ASKED");
    expect(asked.map(({ userId, wanted }) => `${userId} by ${wanted.notice?.by}`).toSorted()).toEqual([
      "director by erika",
      "treasurer by erika",
    ]);
    await world.approve(parent, "treasurer");
    const no = await world.asked(parent, "director");
    await happen(world.given, no.txId, veto, "test");
    await world.sweep();
    expect(await world.now(parent)).toMatchObject({ state: "REJECTED", by: "director", rejectReason: 1 });
  });
});

describe("check 27: one no ends it", () => {
  test.each([
    ["in the approver's chat", false],
    ["after he had approved", true],
  ])("%s", async (_how, before) => {
    const world = await ApprovalWorld.open({ policy: TWO_OF_THREE });
    const parent = await world.confirmed();
    const open = await world.asked(parent, "director");
    const child = before ? await world.approve(parent, "treasurer") : await world.asked(parent, "treasurer");
    const after = await happen(world.given, child.txId, veto, "test");
    if (isRefusal(after)) throw new Error(after.message);
    expect(await decided(world.given, after)).toMatchObject({ txId: parent.txId, state: "REJECTED" });
    await world.sweep();
    expect(await world.now(open)).toMatchObject({ state: "CANCELLED" });
    expect(await world.begin(parent, "auditor")).toMatchObject({ refused: "STATE_CONFLICT" });
  });

  test("a signed reject, and one that comes too late is answered so", async () => {
    const world = await ApprovalWorld.open({ policy: TWO_OF_THREE });
    const parent = await world.confirmed();
    const child = await world.approve(parent, "treasurer");
    await world.approve(parent, "director");
    const claim = { type: "claimed", claimId: "1", appId: "1", leaseMs: 60_000, idempotent: false } as const;
    await happen(world.given, parent.txId, { ...claim, txDigest: parent.txDigest }, "test");
    const signed = world.core.reject(child, { reason: RejectReason.NOT_ME }, world.keyOf("treasurer"));
    expect(await world.submit(child, signed)).toMatchObject({ refused: "REJECTED" });
    await world.sweep();
    expect(await world.now(parent)).toMatchObject({ state: "EXECUTING", lateVeto: RejectReason.NOT_ME });
    expect(await decided(world.given, await world.now(child))).toMatchObject({ state: "EXECUTING" });
  });

  test("a key that was shown something else ends the whole", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    const child = await world.asked(parent, "treasurer");
    const signed = world.core.signed(child, { txDigest: new Uint8Array(32) }, world.keyOf("treasurer"));
    await world.submit(child, signed);
    await world.sweep();
    expect(await world.now(parent)).toMatchObject({ state: "TAMPERED", by: "treasurer" });
  });

  test.each([
    ["its own user's veto", veto, "REJECTED"],
    ["the app's cancel", cancel, "CANCELLED"],
  ] as const)("%s takes it from every approver", async (_how, event, state) => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    const child = await world.asked(parent, "treasurer");
    await happen(world.given, parent.txId, event, "test");
    await world.sweep();
    expect([await world.now(parent), await world.now(child)]).toMatchObject([{ state }, { state: "CANCELLED" }]);
    expect(await waiting(world, "director")).toEqual([]);
  });

  test("not everybody in time: it expires, with all that was open", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    await world.approve(parent, "treasurer");
    world.core.clock.advance(72 * 3_600_000);
    await world.sweep();
    expect(await world.now(parent)).toMatchObject({ state: "EXPIRED" });
    expect(await world.left("outbox", "approval-request")).toBe(0);
  });
});

describe("an approver is asked again", () => {
  test("after wrong codes, three times in all; nothing of it confirms", async () => {
    const world = await ApprovalWorld.open({ policy: { ...TWO_OF_THREE, tries: 1 } });
    const parent = await world.confirmed();
    const seen: string[] = [];
    for (let n = 0; n < 3; n++) {
      const child = await world.asked(parent, "treasurer");
      seen.push(child.txId);
      const code = world.core.wrongCode(child);
      await world.submit(child, world.core.signed(child, { code }, world.keyOf("treasurer")));
      expect(await world.now(child)).toMatchObject({ state: "LOCKED" });
    }
    expect(new Set(seen).size).toBe(3);
    expect(await world.begin(parent, "treasurer")).toMatchObject({ refused: "RATE_LIMITED" });
    expect(await world.now(parent)).toMatchObject({ state: "PARTIAL" });
    await world.approve(parent, "director");
    await world.approve(parent, "auditor");
    expect(await world.now(parent)).toMatchObject({ state: "CONFIRMED" });
  });

  test("while one is open, it is that one", async () => {
    const world = await ApprovalWorld.open();
    const parent = await world.confirmed();
    const [one, other] = await Promise.all([world.asked(parent, "treasurer"), world.asked(parent, "treasurer")]);
    expect(other.txId).toBe(one.txId);
    expect((await world.asked(parent, "treasurer")).txId).toBe(one.txId);
    expect((await world.now(parent)).asked).toHaveLength(1);
  });
});

describe("Create", () => {
  test.each([
    ["frozen", (world: ApprovalWorld) => world.freeze("director"), "director: he is FROZEN"],
    ["without a key", (world: ApprovalWorld) => world.revoke("director"), "director: key_ids"],
  ])("is refused where too few could approve: one is %s, and nobody is prompted", async (_why, out, text) => {
    const world = await ApprovalWorld.open();
    await out(world);
    const before = (await world.core.deliveries()).length;
    const refusal = await createTransaction(world.given, world.core.draft());
    expect(refusal).toMatchObject({ refused: "POLICY_UNMET", message: expect.stringContaining(text) });
    expect(await world.core.deliveries()).toHaveLength(before);
  });

  test("never counts who asks", async () => {
    const world = await ApprovalWorld.open({ policy: { approvers: [{ users: ["erika", "treasurer"], needed: 2 }] } });
    const refusal = await createTransaction(world.given, world.core.draft());
    expect(refusal).toMatchObject({ refused: "POLICY_UNMET", message: expect.stringContaining("erika asks for it") });
  });
});
