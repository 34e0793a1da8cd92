import { join } from "node:path";
import { fromHex, Kind, macKey, renderFields, txDigestOf, verifyReceipt } from "@countersign/protocol";
import { Field, Kind as KindMessage, Mode, RejectReason, State } from "@countersign/proto/node/core/v1/content";
import { ConfirmationClass } from "@countersign/proto/node/core/v1/confirmation_service";
import { ExecutionOutcome } from "@countersign/proto/node/core/v1/execution_service";
import {
  TransactionServiceCreateRequest,
  type TransactionServiceCreateResponse,
} from "@countersign/proto/node/core/v1/transaction_service";
import { tempFolder, type FakeClock } from "@countersign/testing";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { openMemoryStore } from "../store/memory-store.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { ask, bearer, CoreClients, Reading, reasonOf } from "../testing/core-server.ts";
import { CoreWorld, drawHexId, newTestKey, payment } from "../testing/core-world.ts";
import { happen } from "./happen.ts";
import { fieldMessage } from "./transaction-message.ts";

const folder = tempFolder();
const STORES: Readonly<Record<string, (clock: FakeClock) => Promise<Store>>> = {
  memory: async (clock) => openMemoryStore({ clock }),
  SQLite: (clock) =>
    openSqliteStore({ folder: join(folder, drawHexId()), macKey: macKey(new Uint8Array(32).fill(8)), clock }),
};

const claimOf = (one: { transactionId: string; txDigest: Buffer }, claimId: string) => ({
  ...{ transactionId: one.transactionId, txDigest: one.txDigest, claimId, lease: undefined, idempotent: false },
});

describe.each(Object.keys(STORES))("over the %s store", (name) => {
  let world: CoreWorld;
  let core: CoreClients;
  let submit: string;
  let execute: string;
  let count = 0;

  beforeEach(async () => {
    world = await CoreWorld.open({ open: STORES[name]! });
    core = await CoreClients.open(world);
    submit = (await world.addApp(world.tenantId, "submit")).token;
    execute = (await world.addApp(world.tenantId, "execute")).token;
  });

  afterEach(async () => {
    await core.close();
    await world.given.store.close();
  });

  function request(change: Partial<TransactionServiceCreateRequest> = {}): TransactionServiceCreateRequest {
    count += 1;
    return TransactionServiceCreateRequest.create({
      requestId: `create ${count}`,
      userId: world.userId,
      kind: KindMessage.PAY,
      fields: payment(count).map(fieldMessage),
      ...change,
    });
  }

  function create(change: Partial<TransactionServiceCreateRequest> = {}): Promise<TransactionServiceCreateResponse> {
    return ask(core.transactions, "create", request(change), submit);
  }

  async function confirmed(): Promise<{ transactionId: string; txDigest: Buffer; token: string }> {
    const { transaction, confirmationToken: token } = await create();
    const { transactionId, txDigest } = transaction!;
    const signedStatement = Buffer.from(world.signed(await world.transaction(transactionId)));
    await ask(core.verification, "submitStatement", { transactionId, signedStatement }, token);
    return { transactionId, txDigest, token };
  }

  test("claim 19: create, sign, claim, begin, report, receipt", async () => {
    const { transaction, confirmationToken: token } = await create();
    const { transactionId, txDigest } = transaction!;
    expect(transaction).toMatchObject({ state: State.PENDING, mode: Mode.B, triesLeft: 3, version: 1n });
    const own = await ask(core.confirmation, "get", {}, token);
    expect(own.lines).toEqual(renderFields(Kind.PAY, payment(count)).map((line) => ({ ...line })));
    const signedStatement = Buffer.from(world.signed(await world.transaction(transactionId)));
    const submitted = { transactionId, signedStatement };
    await ask(core.verification, "submitStatement", submitted, token);
    const claimed = await ask(core.execution, "claim", claimOf({ transactionId, txDigest }, "1"), execute);
    expect(Buffer.from(txDigestOf(claimed.claimed!.content))).toEqual(txDigest);
    expect(claimed.claimed!.fields).toEqual(
      payment(count)
        .map(fieldMessage)
        .map((one) => Field.create(one)),
    );
    const { fence } = claimed.lease!;
    await ask(core.execution, "begin", { transactionId, fence }, execute);
    const report = { transactionId, fence, outcome: ExecutionOutcome.EXECUTED, detail: "booking 42" };
    const reported = await ask(core.execution, "report", report, execute);
    expect(reported.state).toBe(State.EXECUTED);
    const { receipt } = await ask(core.receipts, "get", { transactionId }, token);
    const keys = await ask(core.receipts, "getVerificationKeys", {}, submit);
    const pinned = { serverId: fromHex(keys.serverId), publicKeys: keys.publicKeys };
    expect(verifyReceipt(new Uint8Array(receipt), pinned)).toMatchObject({ ok: true, receipt: { state: "EXECUTED" } });
  });

  test("check 04: the same request_id answers the same transaction, another body is refused", async () => {
    const first = request();
    const [a, ...others] = await Promise.all(
      Array.from({ length: 20 }, () => ask(core.transactions, "create", first, submit)),
    );
    for (const other of others) expect(other).toEqual(a);
    const body = { ...first, userId: world.userId, fields: payment(9_999).map(fieldMessage) };
    const other = ask(core.transactions, "create", body, submit);
    expect(await reasonOf(other)).toBe("IDEMPOTENCY_CONFLICT");
  });

  test("check 14: 100 parallel claims give one lease; the same claim_id gets it again", async () => {
    const one = await confirmed();
    const claims = Array.from({ length: 100 }, (_, i) =>
      reasonOf(ask(core.execution, "claim", claimOf(one, `claim ${i}`), execute)),
    );
    const reasons = await Promise.all(claims);
    expect(reasons.filter((reason) => reason === "OK")).toHaveLength(1);
    expect(new Set(reasons)).toEqual(new Set(["OK", "STATE_CONFLICT"]));
    const mine = claimOf(one, `claim ${reasons.indexOf("OK")}`);
    const again = await ask(core.execution, "claim", mine, execute);
    expect(again.lease?.fence).toBe(1n);
  });

  test("check 14: another digest, another tenant's executor, an old fence", async () => {
    const one = await confirmed();
    const otherDigest = { ...one, txDigest: Buffer.alloc(32) };
    expect(await reasonOf(ask(core.execution, "claim", claimOf(otherDigest, "1"), execute))).toBe("STATE_CONFLICT");
    await world.addTenant(drawHexId(), "Other Bank");
    const foreign = (await world.addApp(drawHexId(), "execute")).token;
    expect(await reasonOf(ask(core.execution, "claim", claimOf(one, "1"), foreign))).toBe("UNKNOWN_TRANSACTION");
    await ask(core.execution, "claim", claimOf(one, "1"), execute);
    world.clock.advance(60_000);
    const second = await ask(core.execution, "claim", claimOf(one, "2"), execute);
    expect(second.lease?.fence).toBe(2n);
    const { transactionId } = one;
    expect(await reasonOf(ask(core.execution, "begin", { transactionId, fence: 1n }, execute))).toBe("STALE_FENCE");
    expect(await world.audited("execution.stale-fence")).toBe(1);
    await ask(core.execution, "begin", { transactionId, fence: 2n }, execute);
    world.clock.advance(60_000);
    const late = claimOf(one, "3");
    expect(await reasonOf(ask(core.execution, "claim", late, execute))).toBe("STATE_CONFLICT");
    const found = await ask(core.transactions, "get", { transactionId }, submit);
    expect(found.transaction?.state).toBe(State.EXECUTION_UNKNOWN);
    const resolved = { transactionId, outcome: ExecutionOutcome.EXECUTED, detail: "seen in the ledger" };
    expect((await ask(core.execution, "resolve", resolved, execute)).state).toBe(State.EXECUTED);
  });

  test("ClaimNext offers what waits, then each as it is confirmed, and what a restarted executor left", async () => {
    const waiting = await confirmed();
    const offers = new Reading(core.execution.claimNext({}, bearer(execute)));
    expect((await offers.next())?.offered?.transactionId).toBe(waiting.transactionId);
    const later = await confirmed();
    expect((await offers.next())?.offered?.transactionId).toBe(later.transactionId);
    await ask(core.execution, "claim", claimOf(waiting, "1"), execute);
    await ask(core.execution, "claim", claimOf(later, "2"), (await world.addApp(world.tenantId, "execute")).token);
    offers.cancel();
    const restarted = new Reading(core.execution.claimNext({}, bearer(execute)));
    expect((await restarted.next())?.offered?.transactionId).toBe(waiting.transactionId);
    const newest = await confirmed();
    expect((await restarted.next())?.offered?.transactionId).toBe(newest.transactionId);
    restarted.cancel();
  });

  test("ClaimNext offers nothing of another tenant, and again what lapsed", async () => {
    const tenantId = drawHexId();
    await world.addTenant(tenantId, "Other Bank");
    const foreign = (await world.addApp(tenantId, "execute")).token;
    const other = new Reading(core.execution.claimNext({}, bearer(foreign)));
    const offers = new Reading(core.execution.claimNext({}, bearer(execute)));
    const one = await confirmed();
    expect((await offers.next())?.claimBy).toBeDefined();
    const idempotent = { ...claimOf(one, "1"), idempotent: true };
    const { lease } = await ask(core.execution, "claim", idempotent, execute);
    await ask(core.execution, "begin", { transactionId: one.transactionId, fence: lease!.fence }, execute);
    world.clock.advance(60_000);
    await happen(world.given, one.transactionId, { type: "time-came" }, "core");
    expect((await offers.next())?.offered?.transactionId).toBe(one.transactionId);
    const second = (await world.addApp(world.tenantId, "execute")).token;
    const taken = await ask(core.execution, "claim", { ...claimOf(one, "2"), idempotent: true }, second);
    expect(taken.lease?.fence).toBe(2n);
    const found = other.next().catch((error: unknown) => error);
    other.cancel();
    expect(await found).toMatchObject({ code: 1 });
    offers.cancel();
  });

  test("Renew prolongs the lease from now", async () => {
    const one = await confirmed();
    await ask(core.execution, "claim", claimOf(one, "1"), execute);
    world.clock.advance(59_000);
    const renewal = { transactionId: one.transactionId, fence: 1n, lease: { seconds: 30n, nanos: 0 } };
    const { lease } = await ask(core.execution, "renew", renewal, execute);
    expect(Number(lease!.until!.seconds)).toBe(Math.floor((world.clock.now().getTime() + 30_000) / 1000));
  });

  test("Watch tells each change until the last, and resumes from its cursor", async () => {
    const { transaction, confirmationToken: token } = await create();
    const { transactionId } = transaction!;
    const app = new Reading(core.transactions.watch({ transactionId, cursor: "" }, bearer(submit)));
    const client = new Reading(core.confirmation.watch({ cursor: "" }, bearer(token)));
    const first = await app.next();
    expect(first?.transaction?.state).toBe(State.PENDING);
    expect((await client.next())?.class).toBe(ConfirmationClass.WAITING);
    const resumed = new Reading(core.transactions.watch({ transactionId, cursor: first!.cursor }, bearer(submit)));
    await ask(core.transactions, "cancel", { transactionId, reason: "not needed" }, submit);
    expect((await app.next())?.transaction).toMatchObject({ state: State.CANCELLED, outcomeDetail: "not needed" });
    expect((await resumed.next())?.transaction?.state).toBe(State.CANCELLED);
    expect((await client.next())?.class).toBe(ConfirmationClass.ENDED);
    expect(await app.next()).toBeUndefined();
    expect(await client.next()).toBeUndefined();
  });

  test("veto by the app's staff: in time, then too late", async () => {
    const early = await confirmed();
    const veto = { transactionId: early.transactionId, reason: RejectReason.WRONG_DATA };
    const first = await ask(core.transactions, "veto", veto, submit);
    expect(first).toMatchObject({ tooLate: false, transaction: { state: State.REJECTED } });
    const late = await confirmed();
    await ask(core.execution, "claim", claimOf(late, "1"), execute);
    const notMe = { transactionId: late.transactionId, reason: RejectReason.NOT_ME };
    const second = await ask(core.transactions, "veto", notMe, submit);
    expect(second).toMatchObject({
      tooLate: true,
      transaction: { state: State.EXECUTING, rejectReason: RejectReason.NOT_ME },
    });
    expect((await world.user()).state).toBe("FROZEN");
    expect(await reasonOf(create())).toBe("USER_BLOCKED");
  });

  test("the client withdraws what is pending, repeatedly, and nothing later", async () => {
    const { confirmationToken: token } = await create();
    for (const _ of [1, 2]) {
      const answer = await ask(core.confirmation, "withdraw", {}, token);
      expect(answer.class).toBe(ConfirmationClass.ENDED);
    }
    const one = await confirmed();
    expect(await reasonOf(ask(core.confirmation, "withdraw", {}, one.token))).toBe("ENDED");
  });

  test("check 17: a grant that asks again learns nothing of what became of its transaction", async () => {
    const grantRequest = { requestId: "told", userId: world.userId, kinds: [KindMessage.PAY], lifetime: undefined };
    const { grant } = await ask(core.transactions, "createGrant", grantRequest, submit);
    const wanted = request();
    const first = await ask(core.transactions, "create", wanted, grant);
    const { transactionId } = first.transaction!;
    const before = await world.transaction(transactionId);
    const wrong = Buffer.from(world.signed(before, { code: world.wrongCode(before) }));
    const submitting = ask(core.verification, "submitStatement", { transactionId, signedStatement: wrong }, submit);
    expect(await reasonOf(submitting)).toBe("WRONG_CODE");
    expect(await ask(core.transactions, "create", wanted, grant)).toEqual(first);
    await happen(world.given, transactionId, { type: "cancelled", by: "app", detail: "told" }, "test");
    expect(await ask(core.transactions, "create", wanted, grant)).toEqual(first);
  });

  test("a grant creates once, for its user and kinds, and its request may come again", async () => {
    const grantRequest = { requestId: "grant", userId: world.userId, kinds: [KindMessage.PAY], lifetime: undefined };
    const { grant } = await ask(core.transactions, "createGrant", grantRequest, submit);
    const same = await ask(core.transactions, "createGrant", grantRequest, submit);
    expect(same.grant).toBe(grant);
    const wanted = request();
    const bad = { ...wanted, fields: [] };
    expect(await reasonOf(ask(core.transactions, "create", bad, grant))).toBe("NOT_CONFIRMED");
    const first = await ask(core.transactions, "create", wanted, grant);
    expect(await ask(core.transactions, "create", wanted, grant)).toEqual(first);
    expect(await reasonOf(ask(core.transactions, "create", request(), grant))).toBe("NOT_CONFIRMED");
    const getting = ask(core.transactions, "get", { transactionId: first.transaction!.transactionId }, grant);
    expect(await reasonOf(getting)).toBe("NOT_CONFIRMED");
  });

  test("List pages a user's transactions, newest first", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.unshift((await create()).transaction!.transactionId);
      world.clock.advance(61_000);
    }
    const page = { userId: world.userId, pageSize: 2, pageToken: "" };
    const seen: string[] = [];
    do {
      const answer = await ask(core.transactions, "list", page, submit);
      seen.push(...answer.transactions.map(({ transactionId }) => transactionId));
      page.pageToken = answer.nextPageToken;
    } while (page.pageToken !== "");
    expect(seen).toEqual(ids);
  });

  test("check 28: nothing of another tenant is known", async () => {
    const one = await confirmed();
    const tenantId = drawHexId();
    await world.addTenant(tenantId, "Other Bank");
    await world.addUser({ tenantId, userId: world.userId }, newTestKey(), drawHexId());
    const foreign = { submit: "", execute: "" };
    foreign.submit = (await world.addApp(tenantId, "submit")).token;
    foreign.execute = (await world.addApp(tenantId, "execute")).token;
    const { transactionId, token } = one;
    const signedStatement = Buffer.from(world.signed(await world.transaction(transactionId)));
    const report = { transactionId, fence: 1n, outcome: ExecutionOutcome.EXECUTED, detail: "" };
    const unknown = "UNKNOWN_TRANSACTION";
    const calls: readonly (readonly [Promise<unknown>, string])[] = [
      [ask(core.transactions, "get", { transactionId }, foreign.submit), unknown],
      [ask(core.transactions, "cancel", { transactionId, reason: "" }, foreign.submit), unknown],
      [ask(core.transactions, "veto", { transactionId, reason: 0 }, foreign.submit), unknown],
      [ask(core.verification, "submitStatement", { transactionId, signedStatement }, foreign.submit), unknown],
      [ask(core.execution, "claim", claimOf(one, "1"), foreign.execute), unknown],
      [ask(core.execution, "begin", { transactionId, fence: 1n }, foreign.execute), unknown],
      [ask(core.execution, "renew", { transactionId, fence: 1n, lease: undefined }, foreign.execute), unknown],
      [ask(core.execution, "report", report, foreign.execute), unknown],
      [ask(core.execution, "resolve", report, foreign.execute), unknown],
      [ask(core.receipts, "get", { transactionId }, foreign.submit), unknown],
      [ask(core.transactions, "create", request({ repeatOf: transactionId }), foreign.submit), "BAD_INPUT"],
      [ask(core.transactions, "create", request({ keyIds: [world.key.keyId] }), foreign.submit), "BAD_INPUT"],
      // The token of another transaction, and tokens of the wrong scope.
      [ask(core.receipts, "get", { transactionId }, (await create()).confirmationToken), "NOT_CONFIRMED"],
      [ask(core.execution, "claim", claimOf(one, "1"), submit), "NOT_ALLOWED"],
      [ask(core.execution, "claim", claimOf(one, "1"), token), "NOT_CONFIRMED"],
      [ask(core.transactions, "create", request(), execute), "NOT_ALLOWED"],
    ];
    for (const [call, reason] of calls) expect(await reasonOf(call)).toBe(reason);
    const listing = { userId: world.userId, pageSize: 0, pageToken: "" };
    expect((await ask(core.transactions, "list", listing, foreign.submit)).transactions).toEqual([]);
    expect((await world.transaction(transactionId)).state).toBe("CONFIRMED");
  });
});
