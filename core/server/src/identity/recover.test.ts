import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fingerprintOf, fromHex, RejectReason, toHex } from "@countersign/protocol";
import { credentials } from "@grpc/grpc-js";
import {
  KeyServiceBeginEnrolmentRequest,
  KeyServiceClient,
  KeyServiceFinishEnrolmentRequest,
  KeyState,
  RecoveryState,
  type KeyServiceBeginEnrolmentResponse,
  type KeyServiceFinishEnrolmentResponse,
  type Recovery,
} from "@countersign/proto/node/core/v1/key_service";
import { UserServiceClient } from "@countersign/proto/node/core/v1/user_service";
import { servicesOf } from "../services.ts";
import { call, refused } from "../testing/call.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { serveWorld, type ServedWorld } from "../testing/serve-world.ts";
import { TestDevice } from "../testing/test-device.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { happen } from "../transaction/happen.ts";
import { shardOfUser } from "../store/entity.ts";

const HOUR = 3_600_000;
let world: CoreWorld;
let served: ServedWorld;
let client: KeyServiceClient;
let first: string;
let second: string;
let requests = 0;

beforeEach(async () => {
  world = await CoreWorld.open();
  first = (await world.addApp(world.tenantId, "execute")).token;
  second = (await world.addApp(world.tenantId, "execute")).token;
  served = await serveWorld(servicesOf(world.given));
  client = new KeyServiceClient(served.address, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  await served.close();
});

async function begin(token = first, requestId = `r ${(requests += 1)}`, userId = world.userId): Promise<Recovery> {
  const { recovery } = await call(client, "beginRecovery", { requestId, userId, reason: "key lost on a trip" }, token);
  if (recovery === undefined) throw new Error("no recovery was answered");
  return recovery;
}

async function approve(recoveryId: string, token = second): Promise<Recovery | undefined> {
  return (await call(client, "approveRecovery", { userId: world.userId, recoveryId }, token)).recovery;
}

async function stop(recoveryId: string, token = first): Promise<Recovery | undefined> {
  return (await call(client, "stopRecovery", { userId: world.userId, recoveryId }, token)).recovery;
}

async function under(): Promise<RecoveryState[]> {
  const { recoveries } = await call(client, "listRecoveries", { userId: world.userId }, first);
  return recoveries.map(({ state }) => state);
}

/** Asked for, agreed to, and the hold is over. */
async function ready(): Promise<string> {
  const { recoveryId } = await begin();
  await approve(recoveryId);
  world.clock.advance(24 * HOUR);
  return recoveryId;
}

const enrolment = (recoveryId: string, more: Partial<KeyServiceBeginEnrolmentRequest> = {}, token = first) =>
  call(
    client,
    "beginEnrolment",
    KeyServiceBeginEnrolmentRequest.create({
      requestId: `e ${(requests += 1)}`,
      userId: world.userId,
      recoveryId,
      ...more,
    }),
    token,
  );

async function enrol(
  recoveryId: string,
  device: TestDevice,
  more: Partial<KeyServiceBeginEnrolmentRequest> = {},
): Promise<KeyServiceFinishEnrolmentResponse> {
  return finish(await enrolment(recoveryId, more), device);
}

function finish(
  begun: KeyServiceBeginEnrolmentResponse,
  device: TestDevice,
): Promise<KeyServiceFinishEnrolmentResponse> {
  const signed = device.enrol({ serverId: fromHex(begun.serverId), challenge: new Uint8Array(begun.challenge) });
  const request = { enrolmentToken: begun.enrolmentToken, signedEnrolment: Buffer.from(signed) };
  return call(client, "finishEnrolment", KeyServiceFinishEnrolmentRequest.create(request));
}

async function suspend(): Promise<void> {
  const users = new UserServiceClient(served.address, credentials.createInsecure());
  await call(users, "suspend", { userId: world.userId }, first);
  users.close();
}

async function notices(): Promise<string[]> {
  return (await world.deliveries()).flatMap(({ type, wanted }) =>
    type === "alert" && wanted.notice !== undefined ? [wanted.notice.type] : [],
  );
}

async function acceptOne(): Promise<void> {
  const of = await world.pending();
  const signed = world.signed(of);
  expect(await submitStatement(world.given, { txId: of.txId, tenantId: undefined, signed })).toMatchObject({
    state: "CONFIRMED",
  });
}

describe("check 19: lost last key: two, notices, 24 h, any old channel or key stops it", () => {
  test("check 19: from the first yes to the new key, told on every channel at each step", async () => {
    const asked = await begin();
    expect(asked).toMatchObject({ state: RecoveryState.REQUESTED, reason: "key lost on a trip", readyAt: undefined });
    expect(await notices()).toEqual(["RECOVERY_ASKED"]);
    const held = await approve(asked.recoveryId);
    expect(held?.state).toBe(RecoveryState.HELD);
    expect(Number(held?.readyAt?.seconds) * 1000).toBe(world.clock.now().getTime() + 24 * HOUR);
    world.clock.advance(24 * HOUR);
    expect(await under()).toEqual([RecoveryState.READY]);
    const device = new TestDevice("N-1");
    const { key, transaction } = await enrol(asked.recoveryId, device, { serial: "N-1" });
    expect([key?.state, transaction]).toEqual([KeyState.ACTIVE, undefined]);
    expect(Number(key?.heldUntil?.seconds) * 1000).toBeGreaterThanOrEqual(world.clock.now().getTime() + 24 * HOUR);
    expect((await world.loadKey()).state).toBe("REVOKED");
    expect(await under()).toEqual([]);
    const told = (await world.deliveries()).flatMap(({ wanted }) => wanted.notice ?? []);
    expect(told).toContainEqual(
      expect.objectContaining({ type: "RECOVERY_USED", detail: fingerprintOf(device.publicKey) }),
    );
    expect(await notices()).toEqual(expect.arrayContaining(["RECOVERY_ASKED", "RECOVERY_HELD", "RECOVERY_USED"]));
    for (const event of ["recovery.requested", "recovery.approved", "recovery.used", "key.revoked"]) {
      expect([event, await world.audited(event)]).toEqual([event, 1]);
    }
  });

  test("check 19: one person alone is refused, whatever else he has", async () => {
    const { recoveryId } = await begin();
    expect((await refused(approve(recoveryId, first))).reason).toBe("NOT_ALLOWED");
    expect(await under()).toEqual([RecoveryState.REQUESTED]);
    expect((await refused(enrolment(recoveryId))).reason).toBe("STATE_CONFLICT");
    world.clock.advance(23 * HOUR);
    expect((await refused(enrolment(recoveryId))).reason).toBe("STATE_CONFLICT");
  });

  test("check 19: a submit token neither asks, nor agrees, nor uses it; it may stop it", async () => {
    const submit = (await world.addApp(world.tenantId, "submit")).token;
    expect((await refused(begin(submit))).reason).toBe("NOT_ALLOWED");
    const { recoveryId } = await begin();
    expect((await refused(approve(recoveryId, submit))).reason).toBe("NOT_ALLOWED");
    expect((await stop(recoveryId, submit))?.state).toBe(RecoveryState.STOPPED);
  });

  test("check 19: not a second before the hold is over", async () => {
    const { recoveryId } = await begin();
    await approve(recoveryId);
    world.clock.advance(24 * HOUR - 1);
    expect(await refused(enrolment(recoveryId, { serial: "N-1" }))).toMatchObject({ reason: "STATE_CONFLICT" });
    world.clock.advance(1);
    await enrolment(recoveryId, { serial: "N-1" });
  });

  test("check 19: a stop in the last moment wins: the token that was issued enrols nothing", async () => {
    const recoveryId = await ready();
    const begun = await enrolment(recoveryId, { serial: "N-1" });
    await stop(recoveryId);
    const device = new TestDevice("N-1");
    const signed = device.enrol({ serverId: fromHex(begun.serverId), challenge: new Uint8Array(begun.challenge) });
    const request = { enrolmentToken: begun.enrolmentToken, signedEnrolment: Buffer.from(signed) };
    const finishing = call(client, "finishEnrolment", KeyServiceFinishEnrolmentRequest.create(request));
    expect((await refused(finishing)).reason).toBe("STATE_CONFLICT");
    expect((await world.loadKey()).state).toBe("ACTIVE");
    expect((await world.user()).keyIds).toEqual([world.key.keyId]);
    expect(await notices()).toContain("RECOVERY_STOPPED");
  });

  test("check 19: stop and use at once: one of them wins, wholly", async () => {
    for (let round = 0; round < 5; round++) {
      const recoveryId = await ready();
      const device = new TestDevice(`N-${round}`);
      const [used, stopped] = await Promise.allSettled([
        enrol(recoveryId, device, { serial: `N-${round}` }),
        stop(recoveryId),
      ]);
      expect([used.status, stopped.status].toSorted()).toEqual(["fulfilled", "rejected"]);
      const { keyIds } = await world.user();
      const states = await Promise.all(keyIds.map(async (id) => (await world.loadKey(id)).state));
      // Exactly one key is active at any time: the old one or the new one.
      expect(states.filter((state) => state === "ACTIVE")).toHaveLength(1);
      expect((await world.loadKey(toHex(device.keyId)))?.state).toBe(
        used.status === "fulfilled" ? "ACTIVE" : undefined,
      );
      world.clock.advance(24 * HOUR);
    }
  });

  test("check 19: an old key that confirms anything stops it, and its owner is told", async () => {
    const recoveryId = await ready();
    await acceptOne();
    expect(await under()).toEqual([]);
    expect(await notices()).toContain("RECOVERY_STOPPED");
    expect(await world.audited("recovery.stopped")).toBe(1);
    expect((await refused(enrolment(recoveryId, { serial: "N-1" }))).reason).toBe("STATE_CONFLICT");
  });

  test("a reject from the key proves no PIN, and stops nothing", async () => {
    await ready();
    const of = await world.pending();
    const signed = world.reject(of, { reason: RejectReason.CHANGED_MY_MIND });
    await submitStatement(world.given, { txId: of.txId, tenantId: undefined, signed });
    expect(await under()).toEqual([RecoveryState.READY]);
  });

  test("check 19: not me in a chat freezes, and stops it in the same commit", async () => {
    await ready();
    const of = await world.pending();
    const veto = { type: "vetoed", reason: RejectReason.NOT_ME, onKey: false, mayFreeze: true } as const;
    await happen(world.given, of.txId, veto, "bot:x");
    expect([(await world.user()).state, await under()]).toEqual(["FROZEN", []]);
    const entries = await world.given.store.audit(shardOfUser(world.tenantId, world.userId), 0, 1000);
    const commit = entries.find(({ events }) => events.some(({ event }) => event === "transaction.vetoed"));
    expect(commit?.events.map(({ event }) => event)).toEqual(["transaction.vetoed", "recovery.stopped"]);
  });
});

describe("the new key", () => {
  test("check 19: with neither serial nor digits it waits for its fingerprint, and the old one signs until then", async () => {
    const recoveryId = await ready();
    const device = new TestDevice("N-1");
    const { key, transaction } = await enrol(recoveryId, device);
    expect([key?.state, transaction]).toEqual([KeyState.PROVISIONAL, undefined]);
    expect([(await world.loadKey()).state, await under()]).toEqual(["ACTIVE", [RecoveryState.READY]]);
    const keyId = toHex(device.keyId);
    const confirm = { keyId, fingerprint: fingerprintOf(device.publicKey) };
    expect((await call(client, "confirmFingerprint", confirm, first)).key?.state).toBe(KeyState.ACTIVE);
    expect([(await world.loadKey()).state, await under()]).toEqual(["REVOKED", []]);
    expect((await call(client, "confirmFingerprint", confirm, first)).key?.state).toBe(KeyState.ACTIVE);
  });

  test("check 19: stopped between enrolment and fingerprint, it never becomes active", async () => {
    const recoveryId = await ready();
    const device = new TestDevice("N-1");
    await enrol(recoveryId, device);
    await stop(recoveryId);
    const confirm = { keyId: toHex(device.keyId), fingerprint: fingerprintOf(device.publicKey) };
    expect((await refused(call(client, "confirmFingerprint", confirm, first))).reason).toBe("STATE_CONFLICT");
    expect((await world.loadKey()).state).toBe("ACTIVE");
  });

  test("a repeated finish gets the same answer; a second key by the same recovery none", async () => {
    const recoveryId = await ready();
    const begun = await enrolment(recoveryId, { serial: "N-1" });
    const device = new TestDevice("N-1");
    const signed = device.enrol({ serverId: fromHex(begun.serverId), challenge: new Uint8Array(begun.challenge) });
    const request = { enrolmentToken: begun.enrolmentToken, signedEnrolment: Buffer.from(signed) };
    const again = () => call(client, "finishEnrolment", KeyServiceFinishEnrolmentRequest.create(request));
    expect(await again()).toEqual(await again());
    expect((await refused(enrolment(recoveryId, { serial: "N-2" }))).reason).toBe("STATE_CONFLICT");
  });

  test("what only the old key could have signed ends", async () => {
    const recoveryId = await ready();
    const of = await world.pending();
    await enrol(recoveryId, new TestDevice("N-1"), { serial: "N-1" });
    expect(await world.transaction(of.txId)).toMatchObject({
      state: "CANCELLED",
      detail: "every key that could sign it was revoked",
    });
  });

  test.each([["FROZEN"], ["BLOCKED"]] as const)("a user who is %s gets it, and stays so", async (state) => {
    const recoveryId = await ready();
    await world.changeUser({ state });
    const { key } = await enrol(recoveryId, new TestDevice("N-1"), { serial: "N-1" });
    expect([key?.state, (await world.user()).state]).toEqual([KeyState.ACTIVE, state]);
  });

  test("a user who is SUSPENDED does not", async () => {
    const recoveryId = await ready();
    await world.changeUser({ state: "SUSPENDED" });
    expect((await refused(enrolment(recoveryId, { serial: "N-1" }))).reason).toBe("USER_BLOCKED");
    expect((await refused(begin())).reason).toBe("USER_BLOCKED");
  });
});

describe("check 19: a user who is suspended in the middle of it", () => {
  test("check 19: to suspend him stops it, and every channel is told", async () => {
    await ready();
    await suspend();
    expect([(await world.user()).state, await under()]).toEqual(["SUSPENDED", []]);
    expect(await notices()).toEqual(expect.arrayContaining(["USER_SUSPENDED", "RECOVERY_STOPPED"]));
    expect(await world.audited("recovery.stopped")).toBe(1);
  });

  test("check 19: the token that was issued replaces no key", async () => {
    const recoveryId = await ready();
    const begun = await enrolment(recoveryId, { serial: "N-1" });
    await suspend();
    expect((await refused(finish(begun, new TestDevice("N-1")))).reason).toBe("USER_BLOCKED");
    expect((await world.loadKey()).state).toBe("ACTIVE");
    expect((await world.user()).keyIds).toEqual([world.key.keyId]);
  });

  test("check 19: a key that waits for its fingerprint stays there", async () => {
    const recoveryId = await ready();
    const device = new TestDevice("N-1");
    await enrol(recoveryId, device);
    await suspend();
    const confirm = { keyId: toHex(device.keyId), fingerprint: fingerprintOf(device.publicKey) };
    expect((await refused(call(client, "confirmFingerprint", confirm, first))).reason).toBe("STATE_CONFLICT");
    expect((await world.loadKey()).state).toBe("ACTIVE");
  });
});

describe("asking", () => {
  test("is idempotent by request_id, and another body under it is refused", async () => {
    const asked = await begin(first, "same");
    expect(await begin(first, "same")).toEqual(asked);
    expect(await notices()).toEqual(["RECOVERY_ASKED"]);
    const other = call(client, "beginRecovery", { requestId: "same", userId: world.userId, reason: "x" }, first);
    expect((await refused(other)).reason).toBe("IDEMPOTENCY_CONFLICT");
  });

  test("a second one while one is under way is refused, and names it", async () => {
    const { recoveryId } = await begin();
    expect(await refused(begin(second))).toMatchObject({ reason: "STATE_CONFLICT" });
    expect((await approve(recoveryId))?.state).toBe(RecoveryState.HELD);
    expect((await approve(recoveryId))?.state).toBe(RecoveryState.HELD);
  });

  test("at most three a day: each is told on every channel", async () => {
    for (let i = 0; i < 3; i++) await stop((await begin()).recoveryId);
    expect((await refused(begin())).reason).toBe("RATE_LIMITED");
    world.clock.advance(24 * HOUR + 1);
    expect((await begin()).state).toBe(RecoveryState.REQUESTED);
  });

  test("it lapses without a second yes within a day", async () => {
    const { recoveryId } = await begin();
    world.clock.advance(24 * HOUR);
    expect(await under()).toEqual([]);
    expect((await refused(approve(recoveryId))).reason).toBe("STATE_CONFLICT");
  });

  test("check 28: another tenant's user and recovery read as unknown", async () => {
    const { recoveryId } = await begin();
    const tenantId = "99".repeat(16);
    await world.addTenant(tenantId, "Other Bank");
    const foreign = (await world.addApp(tenantId, "execute")).token;
    expect((await refused(begin(foreign))).reason).toBe("NOT_FOUND");
    expect((await refused(approve(recoveryId, foreign))).reason).toBe("NOT_FOUND");
    expect((await refused(stop(recoveryId, foreign))).reason).toBe("NOT_FOUND");
    expect((await refused(stop("00".repeat(16)))).reason).toBe("NOT_FOUND");
  });

  test("a reason that is no safe text is bad input", async () => {
    const asking = call(client, "beginRecovery", { requestId: "x", userId: world.userId, reason: "a\u202Eb" }, first);
    expect((await refused(asking)).reason).toBe("BAD_INPUT");
  });
});
