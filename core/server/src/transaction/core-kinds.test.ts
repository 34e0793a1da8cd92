import { Kind, Label, sha256, utf8, type Field } from "@countersign/protocol";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { isRefusal } from "../rpc/refusal.ts";
import { linkKey } from "../identity/entity-key.ts";
import { linkIndex } from "../identity/link-index.ts";
import type { Link } from "../identity/link.ts";
import { shardOfUser } from "../store/entity.ts";
import { CoreWorld, drawHexId, newTestKey } from "../testing/core-world.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { happen } from "./happen.ts";
import type { CoreAction, Transaction } from "./transaction.ts";

let world: CoreWorld;

beforeEach(async () => {
  world = await CoreWorld.open();
});

const ascii = (label: Label, value: string): Field => ({ label, value: { type: "text", text: value } });

function ask(kind: Kind, fields: readonly Field[], action: CoreAction): Promise<Transaction> {
  return world.pending({ kind, fields, action, createdBy: "core", bodyHash: sha256(utf8(action.type)) });
}

async function sign(of: Transaction): Promise<string> {
  const answer = await submitStatement(world.given, { txId: of.txId, tenantId: undefined, signed: world.signed(of) });
  return isRefusal(answer) ? answer.refused : answer.state;
}

async function link(linkId: string): Promise<Link | undefined> {
  const shard = shardOfUser(world.tenantId, world.userId);
  return (await world.given.store.load(shard, linkKey(world.tenantId, linkId))).entities[0].body;
}

async function claimedLink(): Promise<string> {
  const linkId = drawHexId();
  const old = await link(world.linkId);
  if (old === undefined) throw new Error("the world has a link");
  const body: Link = { ...old, linkId, peerId: linkId, state: "CLAIMED", linkedAt: undefined };
  const shard = shardOfUser(world.tenantId, world.userId);
  await world.commit(shard, [{ key: linkKey(world.tenantId, linkId), expected: "", body, index: linkIndex(body) }]);
  return linkId;
}

describe("kinds of the core are carried out by the commit that confirms them", () => {
  test("check 20: LINK: code to that chat alone, linked and on hold once signed, other chats told", async () => {
    const linkId = await claimedLink();
    const fields = [ascii(Label.CHANNEL, "sandbox"), ascii(Label.ADDRESS, "4711")];
    const pending = await ask(Kind.LINK, fields, { type: "link", linkId });
    expect((await world.deliveries()).map((one) => one.linkId)).toEqual([linkId]);
    expect(await sign(pending)).toBe("EXECUTED");
    expect((await world.user()).linkIds).toEqual([world.linkId, linkId]);
    const linked = await link(linkId);
    expect(linked?.state).toBe("LINKED");
    expect(linked?.heldUntil).toBeGreaterThan(world.given.store.now());
    const alerts = (await world.deliveries()).filter(({ type }) => type === "alert");
    expect(alerts).toMatchObject([{ linkId: world.linkId, wanted: { notice: { type: "LINKED" } } }]);
  });

  test("check 19: UNLINK takes the channel away", async () => {
    const pending = await ask(Kind.UNLINK, [ascii(Label.CHANNEL, "sandbox")], { type: "unlink", linkId: world.linkId });
    expect(await sign(pending)).toBe("EXECUTED");
    expect((await world.user()).linkIds).toEqual([]);
    expect((await link(world.linkId))?.state).toBe("UNLINKED");
  });

  test("check 19: ENROL: the new key cannot sign for itself; signed by the old one it is active, and told", async () => {
    const fresh = newTestKey();
    await world.addKey(world.identity, fresh, { state: "PROVISIONAL" });
    const fields = [ascii(Label.PURPOSE, "A further key")];
    const pending = await ask(Kind.ENROL, fields, { type: "enrol", keyId: fresh.keyId });
    expect(pending.keyIds).toEqual([world.key.keyId]);
    const own = { txId: pending.txId, tenantId: undefined, signed: world.signed(pending, {}, fresh) };
    expect(await submitStatement(world.given, own)).toMatchObject({ refused: "KEY_PROVISIONAL" });
    expect(await sign(pending)).toBe("EXECUTED");
    expect((await world.loadKey(fresh.keyId)).state).toBe("ACTIVE");
    const alerts = (await world.deliveries()).filter(({ type }) => type === "alert");
    expect(alerts).toMatchObject([{ wanted: { notice: { type: "KEY_ENROLLED" } } }]);
  });

  test("check 19: a key revoked in between stays revoked", async () => {
    const fresh = newTestKey();
    await world.addKey(world.identity, fresh, { state: "PROVISIONAL" });
    const pending = await ask(Kind.ENROL, [ascii(Label.PURPOSE, "A key")], { type: "enrol", keyId: fresh.keyId });
    await world.changeKey(world.identity, fresh.keyId, { state: "REVOKED" });
    expect(await sign(pending)).toBe("EXECUTED");
    expect((await world.loadKey(fresh.keyId)).state).toBe("REVOKED");
  });

  test("check 06: a blocked user signs the THAW and is free", async () => {
    await world.changeUser({ state: "BLOCKED", wrongInARow: 5 });
    const pending = await ask(Kind.THAW, [ascii(Label.ACTION, "Allow confirmations again")], { type: "thaw" });
    expect(await sign(pending)).toBe("EXECUTED");
    expect(await world.user()).toMatchObject({ state: "ACTIVE", wrongInARow: 0 });
  });

  test("nobody claims what the core carried out", async () => {
    const pending = await ask(Kind.UNLINK, [ascii(Label.CHANNEL, "sandbox")], { type: "unlink", linkId: world.linkId });
    await sign(pending);
    const { txDigest } = pending;
    const claim = { type: "claimed", claimId: "1", appId: "a", txDigest, leaseMs: 60_000, idempotent: true } as const;
    expect(await happen(world.given, pending.txId, claim, "test")).toMatchObject({ refused: "STATE_CONFLICT" });
  });
});
