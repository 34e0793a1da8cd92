// Who lost his last key: two administrators, notices to every chat, 24 h, and any old chat or key stops it.
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  AdminServiceListAppsRequest,
  AdminServiceListKeysRequest,
  AppScope,
  ChangeState,
  Role,
  type AdminServiceRequestChangeResponse,
} from "@countersign/proto/node/admin/v1/admin_service";
import {
  KeyServiceBeginEnrolmentRequest,
  KeyServiceClient,
  KeyServiceFinishEnrolmentRequest,
  KeyState,
  RecoveryState,
  type KeyServiceBeginEnrolmentResponse,
} from "@countersign/proto/node/core/v1/key_service";
import { fingerprintOf, fromHex, RejectReason, toHex } from "@countersign/protocol";
import { credentials } from "@grpc/grpc-js";
import type { User } from "../identity/user.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, type HexId } from "../store/entity.ts";
import { hashOf, ServedAdmins, type TestAdmin } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { TestDevice } from "../testing/test-device.ts";
import { happen } from "../transaction/happen.ts";
import { submitStatement } from "../verification/submit-statement.ts";

const HOUR = 3_600_000;
let world: ServedAdmins;
let keys: KeyServiceClient;
let carl: TestAdmin;
beforeEach(async () => {
  // Whatever the policy says, it takes two.
  world = await ServedAdmins.open({ policy: { adminApprovals: { low: 1, medium: 1, high: 1 } } });
  carl = await world.admins.addAdmin("carl", "owner");
  keys = new KeyServiceClient(world.served.address, credentials.createInsecure());
});
afterEach(async () => {
  keys.close();
  await world.close();
});

const forUser = (): Promise<AdminServiceRequestChangeResponse> =>
  world.admins.request(world.client, world.anna, {
    $case: "recoverUser",
    value: { userId: "erika", reason: "lost on a trip" },
  });

/** Two keys confirm it. */
async function confirmed(asked: AdminServiceRequestChangeResponse): Promise<HexId> {
  const { admins, anna, bob, client } = world;
  const changeId = asked.change?.changeId ?? "";
  await admins.confirm(anna, asked);
  expect((await admins.change(client, anna, changeId)).state).toBe(ChangeState.PARTIAL);
  await admins.confirm(bob, await admins.approve(client, bob, changeId));
  expect((await admins.change(client, anna, changeId)).state).toBe(ChangeState.APPLIED);
  return changeId;
}

const erika = (): Promise<User> => world.admins.world.user();
const standing = async (): Promise<string[]> => ((await erika()).recoveries ?? []).map(({ state }) => state);
const notices = async (): Promise<string[]> =>
  (await world.admins.world.deliveries()).flatMap(({ type, userId, wanted }) =>
    type === "alert" && wanted.notice !== undefined ? [`${userId} ${wanted.notice.type}`] : [],
  );

async function enrol(device: TestDevice, enrolment: KeyServiceBeginEnrolmentResponse | undefined) {
  const serverId = fromHex(world.admins.world.given.serverId);
  const signed = device.enrol({ serverId, challenge: new Uint8Array(enrolment?.challenge ?? []) });
  const { enrolmentToken = "" } = enrolment ?? {};
  const request = KeyServiceFinishEnrolmentRequest.create({ enrolmentToken, signedEnrolment: Buffer.from(signed) });
  return call(keys, "finishEnrolment", request);
}

const invite = async () =>
  (
    await call(
      world.client,
      "inviteUser",
      { requestId: world.admins.requestId(), tenantId: "", userId: "erika", fido: false },
      world.anna.token,
    )
  ).enrolment;

async function accept(device: TestDevice, tenantId: HexId = ""): Promise<void> {
  const value = { keyId: toHex(device.keyId), fingerprint: fingerprintOf(device.publicKey) };
  // Who alone says which key it is that comes would be the one who replaced the keys.
  await confirmed(await world.admins.request(world.client, world.anna, { $case: "confirmKey", value }, tenantId));
}

describe("check 19: a user", () => {
  test("two keys, notices, a day, the new key and its fingerprint: then the old ones are revoked", async () => {
    const asked = await forUser();
    expect(asked.change).toMatchObject({ approvalsNeeded: 2 });
    expect((asked.transaction?.lines ?? []).map(({ value }) => value)).toEqual(
      expect.arrayContaining(["Replace keys of user", "erika", "lost on a trip"]),
    );
    await confirmed(asked);
    expect(await notices()).toContain("erika RECOVERY_HELD");
    expect(await standing()).toEqual(["HELD"]);
    world.admins.world.clock.advance(24 * HOUR);
    const device = new TestDevice("N-1");
    const { key, transaction } = await enrol(device, await invite());
    expect([key?.state, transaction]).toEqual([KeyState.PROVISIONAL, undefined]);
    await accept(device);
    expect(await standing()).toEqual(["USED"]);
    expect((await world.admins.world.loadKey()).state).toBe("REVOKED");
    expect((await world.admins.world.loadKey(toHex(device.keyId))).state).toBe("ACTIVE");
    expect(await notices()).toContain("erika RECOVERY_USED");
  });

  test("administrators see with his keys where it stands, whoever asked, until it is over", async () => {
    const told = async (): Promise<object[]> => {
      const request = AdminServiceListKeysRequest.create({ userId: "erika" });
      const { keys: his, recoveries } = await call(world.client, "listKeys", request, world.bob.token);
      expect(his).toHaveLength(1);
      return recoveries;
    };
    expect(await told()).toEqual([]);
    const { token } = await world.admins.world.addApp(world.admins.world.tenantId, "execute");
    const begin = { requestId: "r", userId: "erika", reason: "by the desk" };
    const { recovery } = await call(keys, "beginRecovery", begin, token);
    const { recoveryId = "" } = recovery ?? {};
    expect(await told()).toMatchObject([{ recoveryId, state: RecoveryState.REQUESTED, reason: "by the desk" }]);
    await call(keys, "stopRecovery", { userId: "erika", recoveryId }, token);
    expect(await told()).toEqual([]);

    const changeId = await confirmed(await forUser());
    expect(await told()).toMatchObject([{ recoveryId: changeId, state: RecoveryState.HELD, reason: "lost on a trip" }]);
    world.admins.world.clock.advance(24 * HOUR);
    expect(await told()).toMatchObject([{ recoveryId: changeId, state: RecoveryState.READY }]);
    world.admins.world.clock.advance(7 * 24 * HOUR);
    expect(await told()).toEqual([]);
  });

  test("before the hold is over the next key is a further one, which the old key has to sign", async () => {
    await confirmed(await forUser());
    world.admins.world.clock.advance(24 * HOUR - 1);
    const { transaction } = await enrol(new TestDevice("N-1"), await invite());
    expect(transaction).toBeDefined();
    expect((await world.admins.world.loadKey()).state).toBe("ACTIVE");
  });

  const STOPS: Readonly<Record<string, () => Promise<unknown>>> = {
    "not me in a chat": async () => {
      const of = await world.admins.world.pending();
      const veto = { type: "vetoed", reason: RejectReason.NOT_ME, onKey: false, mayFreeze: true } as const;
      return happen(world.admins.world.given, of.txId, veto, "bot:x");
    },
    "a statement of the old key": async () => {
      const core = world.admins.world;
      const of = await core.pending();
      return submitStatement(core.given, { txId: of.txId, tenantId: undefined, signed: core.signed(of) });
    },
    "an administrator who freezes him": () =>
      call(world.client, "freezeUser", { tenantId: "", userId: "erika" }, carl.token),
    "an administrator who suspends him": () =>
      call(world.client, "suspendUser", { tenantId: "", userId: "erika" }, carl.token),
  };

  test.each(Object.entries(STOPS))("%s stops it, also once it is ready, and he is told", async (_how, stop) => {
    const changeId = await confirmed(await forUser());
    world.admins.world.clock.advance(24 * HOUR);
    await stop();
    expect(await standing()).toEqual(["STOPPED"]);
    expect(await notices()).toContain("erika RECOVERY_STOPPED");
    // Carried out once more, it brings nothing back.
    await world.admins.carryOut(changeId);
    expect(await standing()).toEqual(["STOPPED"]);
  });

  test("an app, which can begin recoveries of its own, gets no key into theirs", async () => {
    const recoveryId = await confirmed(await forUser());
    world.admins.world.clock.advance(24 * HOUR);
    const { token } = await world.admins.world.addApp(world.admins.world.tenantId, "execute");
    const request = KeyServiceBeginEnrolmentRequest.create({
      requestId: "e",
      userId: "erika",
      recoveryId,
      serial: "E-1",
    });
    expect((await refused(call(keys, "beginEnrolment", request, token))).reason).toBe("NOT_ALLOWED");
    await call(keys, "stopRecovery", { userId: "erika", recoveryId }, token);
    expect(await standing()).toEqual(["STOPPED"]);
  });

  test("nor does an app say which key it is that comes: administrators accept it", async () => {
    await confirmed(await forUser());
    world.admins.world.clock.advance(24 * HOUR);
    const device = new TestDevice("N-1");
    await enrol(device, await invite());
    const { token } = await world.admins.world.addApp(world.admins.world.tenantId, "execute");
    const request = { keyId: toHex(device.keyId), fingerprint: fingerprintOf(device.publicKey) };
    const ended = await refused(call(keys, "confirmFingerprint", request, token));
    expect(ended).toMatchObject({ reason: "NOT_ALLOWED", message: expect.stringContaining("administrators") });
    expect((await world.admins.world.loadKey(request.keyId)).state).toBe("PROVISIONAL");
    expect(await standing()).toEqual(["HELD"]);
    await accept(device);
    expect(await standing()).toEqual(["USED"]);
  });

  test("two apps that one administrator gave their tokens are not two people", async () => {
    const app = async (name: string, by: TestAdmin): Promise<string> => {
      const token = world.draw("cs_app_");
      const value = { name, scope: AppScope.EXECUTE, tokenSha256: hashOf(token) };
      await world.admins.confirm(by, await world.admins.request(world.client, by, { $case: "createApp", value }));
      return token;
    };
    const [one, two, other] = [
      await app("one", world.anna),
      await app("two", world.anna),
      await app("other", world.bob),
    ];
    const begin = { requestId: "r", userId: "erika", reason: "" };
    const { recovery } = await call(keys, "beginRecovery", begin, one);
    const approve = { userId: "erika", recoveryId: recovery?.recoveryId ?? "" };
    expect((await refused(call(keys, "approveRecovery", approve, two))).reason).toBe("NOT_ALLOWED");
    expect(await standing()).toEqual(["REQUESTED"]);
    // Nor when she gives a token to an app that was somebody else's.
    const { apps } = await call(world.client, "listApps", AdminServiceListAppsRequest.create(), world.anna.token);
    const appId = apps.find(({ name }) => name === "other")?.appId ?? "";
    const hers = world.draw("cs_app_");
    const holder = { $case: "appId", value: appId } as const;
    const value = { holder, tokenSha256: hashOf(hers), overlap: undefined };
    await world.admins.confirm(
      world.anna,
      await world.admins.request(world.client, world.anna, { $case: "addToken", value }),
    );
    expect((await refused(call(keys, "approveRecovery", approve, hers))).reason).toBe("NOT_ALLOWED");
    const bobs = await app("bobs", world.bob);
    await call(keys, "approveRecovery", approve, bobs);
    expect(await standing()).toEqual(["HELD"]);
    expect((await refused(call(keys, "approveRecovery", approve, other))).reason).toBe("NOT_ALLOWED");
  });

  test("no app accepts the key that comes by theirs", async () => {
    await confirmed(await forUser());
    world.admins.world.clock.advance(24 * HOUR);
    const device = new TestDevice("N-1");
    await enrol(device, await invite());
    const { token } = await world.admins.world.addApp(world.admins.world.tenantId, "execute");
    const request = { keyId: toHex(device.keyId), fingerprint: fingerprintOf(device.publicKey) };
    expect((await refused(call(keys, "confirmFingerprint", request, token))).reason).toBe("NOT_ALLOWED");
    expect((await world.admins.world.loadKey()).state).toBe("ACTIVE");
  });

  test("one at a time, none of whom had no key, none of an administrator", async () => {
    await confirmed(await forUser());
    expect((await refused(forUser())).reason).toBe("STATE_CONFLICT");
    const ask = (userId: string, tenantId: HexId = "") =>
      refused(
        world.admins.request(
          world.client,
          world.anna,
          { $case: "recoverUser", value: { userId, reason: "" } },
          tenantId,
        ),
      );
    const create = { requestId: "u", tenantId: "", userId: "nora", phrase: "", locale: "" };
    await call(world.client, "createUser", create, world.anna.token);
    expect((await ask("nora")).reason).toBe("STATE_CONFLICT");
    expect((await ask("bob", ADMINISTRATION)).reason).toBe("NOT_ALLOWED");
    expect((await ask("nobody")).reason).toBe("NOT_FOUND");
  });
});

const invitation = (): string => world.draw("cs_invite_");
const forCarl = (token: string, by = world.anna) =>
  world.admins.request(world.client, by, {
    $case: "recoverAdmin",
    value: { adminId: "carl", invitationSha256: hashOf(token) },
  });
const claim = (by: string, own: string) =>
  call(world.client, "claim", { adminId: "", tokenSha256: hashOf(own), phrase: "", locale: "" }, by);
const userOfCarl = (): Promise<User> => world.admins.world.user({ tenantId: ADMINISTRATION, userId: "carl" });

describe("check 19: an administrator", () => {
  test("two others, notices, a day; a new token, a new key that another one accepts; the old ones are gone", async () => {
    const token = invitation();
    await confirmed(await forCarl(token));
    expect(await notices()).toContain("carl RECOVERY_HELD");
    const own = world.draw("cs_admin_");
    expect((await refused(claim(token, own))).message).toContain("on hold");
    world.admins.world.clock.advance(24 * HOUR);
    const { admin } = await claim(token, own);
    expect(admin).toMatchObject({ adminId: "carl", role: Role.OWNER });
    expect((await claim(token, own)).admin?.adminId).toBe("carl");
    expect((await refused(claim(token, world.draw("cs_admin_")))).reason).toBe("STATE_CONFLICT");
    expect((await refused(call(world.client, "whoAmI", {}, carl.token))).reason).toBe("UNAUTHENTICATED");
    const { enrolment } = await call(world.client, "beginOwnEnrolment", { requestId: "k", fido: false }, own);
    const device = new TestDevice("N-1");
    const { key, transaction } = await enrol(device, enrolment);
    expect([key?.state, transaction]).toEqual([KeyState.PROVISIONAL, undefined]);
    await accept(device, ADMINISTRATION);
    expect((await userOfCarl()).recoveries?.map(({ state }) => state)).toEqual(["USED"]);
    const request = {
      tenantId: ADMINISTRATION,
      userId: "carl",
      state: KeyState.UNSPECIFIED,
      pageSize: 0,
      pageToken: "",
    };
    const held = (await call(world.client, "listKeys", request, world.anna.token)).keys;
    expect(held.map(({ state }) => state).toSorted((one, other) => one - other)).toEqual([
      KeyState.ACTIVE,
      KeyState.REVOKED,
    ]);
  });

  test("his old key stops it, and the invitation opens nothing", async () => {
    const token = invitation();
    await confirmed(await forCarl(token));
    const { botId } = world.admins.world;
    const asked = await world.admins.request(world.client, carl, { $case: "resumeBot", value: { botId } });
    const verdict = await world.admins.sign(carl, asked);
    expect(isRefusal(verdict)).toBe(false);
    expect((await userOfCarl()).recoveries?.map(({ state }) => state)).toEqual(["STOPPED"]);
    world.admins.world.clock.advance(24 * HOUR);
    expect((await refused(claim(token, world.draw("cs_admin_")))).reason).toBe("STATE_CONFLICT");
    await call(world.client, "whoAmI", {}, carl.token);
  });

  test("nobody asks for his own, nobody agrees to his own", async () => {
    expect((await refused(forCarl(invitation(), carl))).reason).toBe("NOT_ALLOWED");
    const asked = await forCarl(invitation());
    await world.admins.confirm(world.anna, asked);
    const own = world.admins.approve(world.client, carl, asked.change?.changeId ?? "");
    expect((await refused(own)).reason).toBe("NOT_ALLOWED");
  });

  test("who is disabled is enabled first, and another's token is no invitation", async () => {
    expect((await refused(forCarl(world.bob.token))).reason).toBe("ALREADY_EXISTS");
    await call(world.client, "disableAdmin", { adminId: "carl" }, world.anna.token);
    expect((await refused(forCarl(invitation()))).reason).toBe("STATE_CONFLICT");
  });

  test("unused, it lapses a week after the hold, and the invitation with it", async () => {
    const token = invitation();
    await confirmed(await forCarl(token));
    world.admins.world.clock.advance(24 * HOUR + 7 * 24 * HOUR);
    expect((await refused(claim(token, world.draw("cs_admin_")))).reason).toBe("UNAUTHENTICATED");
  });
});
