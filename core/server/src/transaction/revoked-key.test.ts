import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fingerprintOf } from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import { ConfirmationClass } from "@countersign/proto/node/core/v1/confirmation_service";
import { revokeKey } from "../identity/key-change.ts";
import { ask, bearer, CoreClients, Reading } from "../testing/core-server.ts";
import { CoreWorld, newTestKey, type TestKey } from "../testing/core-world.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import type { Created } from "./create.ts";
import { happen } from "./happen.ts";
import { withdrawUnsignable } from "./withdraw-unsignable.ts";

let world: CoreWorld;
let core: CoreClients;
let submit: string;
let other: TestKey;
let readers: { cancel(): void }[] = [];

beforeEach(async () => {
  world = await CoreWorld.open();
  core = await CoreClients.open(world);
  submit = (await world.addApp(world.tenantId, "submit")).token;
  other = newTestKey();
});
afterEach(async () => {
  for (const reader of readers) reader.cancel();
  readers = [];
  await core.close();
  await world.given.store.close();
});

const revoke = (keyId: string) => revokeKey(world.given, { tenantId: world.tenantId, keyId }, "app:test");

function watches({ transaction, confirmationToken }: Created, cursors = { app: "", client: "" }) {
  const { txId: transactionId } = transaction;
  const app = core.transactions.watch({ transactionId, cursor: cursors.app }, bearer(submit));
  const client = core.confirmation.watch({ cursor: cursors.client }, bearer(confirmationToken));
  const reading = { app: new Reading(app), client: new Reading(client) };
  readers.push(reading.app, reading.client);
  return reading;
}

describe("check 21: a revocation reaches what is open", () => {
  test("check 21: both watches tell the keys that are left, and the transaction waits for these", async () => {
    await world.addKey(world.identity, other);
    const created = await world.create();
    const { app, client } = watches(created);
    const keyIds = [world.key.keyId, other.keyId];
    expect((await app.next())?.transaction?.keyIds.toSorted()).toEqual(keyIds.toSorted());
    expect((await client.next())?.keyIds.toSorted()).toEqual(keyIds.toSorted());
    await revoke(world.key.keyId);
    expect((await app.next())?.transaction).toMatchObject({ state: State.PENDING, keyIds: [other.keyId] });
    expect(await client.next()).toMatchObject({ class: ConfirmationClass.WAITING, keyIds: [other.keyId] });
    const { txId } = created.transaction;
    const of = await world.transaction(txId);
    const late = world.signed(of);
    expect(await submitStatement(world.given, { txId, tenantId: undefined, signed: late })).toMatchObject({
      refused: "KEY_REVOKED",
    });
    const signed = world.signed(of, {}, other);
    expect(await submitStatement(world.given, { txId, tenantId: undefined, signed })).toMatchObject({
      state: "CONFIRMED",
    });
  });

  test("check 21: with no key left it ends as CANCELLED, says why, and frees its place", async () => {
    const created = await world.create();
    const { app, client } = watches(created);
    await app.next();
    await client.next();
    await revoke(world.key.keyId);
    const seen = [await app.next(), await app.next()].filter((event) => event !== undefined);
    expect(seen.at(-1)?.transaction).toMatchObject({
      ...{ state: State.CANCELLED, keyIds: [] },
      outcomeDetail: "every key that could sign it was revoked",
    });
    let last = await client.next();
    if (last?.class === ConfirmationClass.WAITING) last = await client.next();
    expect(last).toMatchObject({ class: ConfirmationClass.ENDED, keyIds: [] });
    expect((await world.user()).open).toEqual([]);
    // In the chat the notice of the revocation says why, in the user's language; no English detail stands beside it.
    const notices = (await world.deliveries()).flatMap(({ wanted }) => wanted.notice ?? []);
    expect(notices).toContainEqual(
      expect.objectContaining({ type: "KEY_REVOKED", detail: fingerprintOf(world.key.publicKey) }),
    );
    expect(notices.filter(({ detail = "" }) => detail.includes("revoked"))).toEqual([]);
    expect(await world.audited("transaction.cancelled")).toBe(1);
  });

  test("check 21: who was away learns of it by its cursor", async () => {
    await world.addKey(world.identity, other);
    const created = await world.create();
    const before = watches(created);
    const cursors = { app: (await before.app.next())!.cursor, client: (await before.client.next())!.cursor };
    before.app.cancel();
    before.client.cancel();
    await revoke(other.keyId);
    const after = watches(created, cursors);
    expect((await after.app.next())?.transaction?.keyIds).toEqual([world.key.keyId]);
    expect((await after.client.next())?.keyIds).toEqual([world.key.keyId]);
    const { txId: transactionId } = created.transaction;
    const got = await ask(core.transactions, "get", { transactionId }, submit);
    expect(got.transaction?.keyIds).toEqual([world.key.keyId]);
    expect((await ask(core.confirmation, "get", {}, created.confirmationToken)).keyIds).toEqual([world.key.keyId]);
  });

  test("check 21: a crash after the revocation: repeating it ends what was left open", async () => {
    const { transaction } = await world.create();
    await world.changeKey(world.identity, world.key.keyId, { state: "REVOKED" });
    await revoke(world.key.keyId);
    expect((await world.transaction(transaction.txId)).state).toBe("CANCELLED");
  });

  test("check 21: what is confirmed already stays confirmed", async () => {
    const of = await world.pending();
    await submitStatement(world.given, { txId: of.txId, tenantId: undefined, signed: world.signed(of) });
    await revoke(world.key.keyId);
    expect((await world.transaction(of.txId)).state).toBe("CONFIRMED");
    await withdrawUnsignable(world.given, await world.user(), "core");
    expect((await world.transaction(of.txId)).state).toBe("CONFIRMED");
  });

  test("check 21: revoking and signing at once: confirmed, or refused and ended, never both", async () => {
    for (let round = 0; round < 10; round++) {
      const key = newTestKey();
      await world.addKey(world.identity, key);
      const of = await world.pending({ keyIds: [key.keyId] });
      const signed = world.signed(of, {}, key);
      const [answer] = await Promise.all([
        submitStatement(world.given, { txId: of.txId, tenantId: undefined, signed }),
        revoke(key.keyId),
      ]);
      const { state } = await world.transaction(of.txId);
      expect("state" in answer ? answer.state : "refused").toBe(state === "CONFIRMED" ? "CONFIRMED" : "refused");
      expect(["CONFIRMED", "CANCELLED"]).toContain(state);
      await happen(world.given, of.txId, { type: "cancelled", by: "app", detail: "" }, "test");
      world.clock.advance(60_000);
    }
  });
});
