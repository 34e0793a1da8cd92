import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ChangeState, Role } from "@countersign/proto/node/admin/v1/admin_service";
import {
  KeyServiceClient,
  KeyServiceFinishEnrolmentRequest,
  KeyState,
} from "@countersign/proto/node/core/v1/key_service";
import type { KeyServiceBeginEnrolmentResponse } from "@countersign/proto/node/core/v1/key_service";
import { fingerprintOf, fromHex } from "@countersign/protocol";
import { credentials } from "@grpc/grpc-js";
import { ADMINISTRATION, type HexId } from "../store/entity.ts";
import { hashOf, ServedAdmins } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { TestDevice } from "../testing/test-device.ts";

type Asked = Awaited<ReturnType<ServedAdmins["admins"]["request"]>>;

let world: ServedAdmins;
let keys: KeyServiceClient;
beforeEach(async () => {
  world = await ServedAdmins.open();
  keys = new KeyServiceClient(world.served.address, credentials.createInsecure());
});
afterEach(async () => {
  keys.close();
  await world.close();
});

/** The key of somebody who was invited, PROVISIONAL. */
async function enrol(device: TestDevice, enrolment: KeyServiceBeginEnrolmentResponse | undefined): Promise<string> {
  const serverId = fromHex(world.admins.world.given.serverId);
  const signed = device.enrol({ serverId, challenge: new Uint8Array(enrolment?.challenge ?? []) });
  const { enrolmentToken = "" } = enrolment ?? {};
  const request = KeyServiceFinishEnrolmentRequest.create({ enrolmentToken, signedEnrolment: Buffer.from(signed) });
  const { key } = await call(keys, "finishEnrolment", request);
  expect(key?.state).toBe(KeyState.PROVISIONAL);
  return key?.keyId ?? "";
}

const asks = (keyId: string, device: TestDevice, tenantId: HexId = "", fingerprint = fingerprintOf(device.publicKey)) =>
  world.admins.request(world.client, world.anna, { $case: "confirmKey", value: { keyId, fingerprint } }, tenantId);

const keyState = async (userId: string, tenantId: HexId = ""): Promise<KeyState | undefined> => {
  const request = { tenantId, userId, state: KeyState.UNSPECIFIED, pageSize: 0, pageToken: "" };
  return (await call(world.client, "listKeys", request, world.anna.token)).keys[0]?.state;
};

test("a user who is invited gets his first key by an administrator's key, and by no session", async () => {
  const { client, anna, admins } = world;
  const create = { requestId: "u", tenantId: "", userId: "nora", phrase: "", locale: "" };
  await call(client, "createUser", create, anna.token);
  const invited = await call(
    client,
    "inviteUser",
    { requestId: "i", tenantId: "", userId: "nora", fido: false },
    anna.token,
  );
  const device = new TestDevice();
  const keyId = await enrol(device, invited.enrolment);
  const asked = await asks(keyId, device);
  expect((asked.transaction?.lines ?? []).map(({ value }) => value)).toContain("nora");
  await admins.carryOut(asked.change?.changeId ?? "");
  expect(await keyState("nora")).toBe(KeyState.PROVISIONAL);
  await admins.confirm(anna, asked);
  expect(await keyState("nora")).toBe(KeyState.ACTIVE);
});

test("a fingerprint that is another key's is refused when it is asked for", async () => {
  const { client, anna } = world;
  const create = { requestId: "u", tenantId: "", userId: "nora", phrase: "", locale: "" };
  await call(client, "createUser", create, anna.token);
  const invited = await call(
    client,
    "inviteUser",
    { requestId: "i", tenantId: "", userId: "nora", fido: false },
    anna.token,
  );
  const device = new TestDevice();
  const keyId = await enrol(device, invited.enrolment);
  const ended = await refused(asks(keyId, device, "", fingerprintOf(new TestDevice("E-2").publicKey)));
  expect(ended).toMatchObject({ reason: "BAD_INPUT" });
  expect((await refused(asks(keyId, device, "", "not hex"))).message).toContain("fingerprint");
});

test("threat 27: an administrator who was invited: two keys invite him, two accept his key, and he not his own", async () => {
  const { client, anna, bob, admins } = world;
  const invitation = world.draw("cs_invite_");
  const value = { adminId: "carl", role: Role.OWNER, tenantId: "", invitationSha256: hashOf(invitation) };
  const asked = await admins.request(client, anna, { $case: "createAdmin", value });
  const own = world.draw("cs_admin_");
  const claim = { adminId: "carl", tokenSha256: hashOf(own), phrase: "", locale: "" };
  expect((await refused(call(client, "claim", claim, invitation))).reason).toBe("UNAUTHENTICATED");
  await admins.confirm(anna, asked);
  await admins.confirm(bob, await admins.approve(client, bob, asked.change?.changeId ?? ""));
  await call(client, "claim", claim, invitation);
  const { enrolment } = await call(client, "beginOwnEnrolment", { requestId: "k", fido: false }, own);
  const device = new TestDevice();
  const keyId = await enrol(device, enrolment);
  const fingerprint = fingerprintOf(device.publicKey);
  expect((await refused(call(client, "confirmOwnKey", { keyId, fingerprint }, own))).reason).toBe("STATE_CONFLICT");
  const carl = { adminId: "carl", token: own, key: world.anna.key };
  const self = { $case: "confirmKey", value: { keyId, fingerprint } } as const;
  expect((await refused(admins.request(client, carl, self, ADMINISTRATION))).reason).toBe("NOT_ALLOWED");
  const accepted = await asks(keyId, device, ADMINISTRATION);
  // Anna has his invitation: she could have come in his place, and would be two then.
  expect(accepted.change?.approvalsNeeded).toBe(2);
  await admins.confirm(anna, accepted);
  expect(await keyState("carl", ADMINISTRATION)).toBe(KeyState.PROVISIONAL);
  await admins.confirm(bob, await admins.approve(client, bob, accepted.change?.changeId ?? ""));
  expect(await keyState("carl", ADMINISTRATION)).toBe(KeyState.ACTIVE);
  const change = await admins.change(client, bob, accepted.change?.changeId ?? "");
  expect(change.state).toBe(ChangeState.APPLIED);
});

test("threat 27: the second administrator's first key takes the first one's alone, and the third one's takes both", async () => {
  await world.close();
  keys.close();
  world = await ServedAdmins.open({ adminsEver: 1 });
  keys = new KeyServiceClient(world.served.address, credentials.createInsecure());
  const { client, anna, bob, admins } = world;
  /** Invited, come, with a key; how many it takes to accept it. */
  const joins = async (adminId: string): Promise<Asked> => {
    const invitation = world.draw("cs_invite_");
    const value = { adminId, role: Role.OWNER, tenantId: "", invitationSha256: hashOf(invitation) };
    const asked = await admins.request(client, anna, { $case: "createAdmin", value });
    await admins.confirm(anna, asked);
    const changeId = asked.change?.changeId ?? "";
    if (asked.change?.approvalsNeeded === 2) await admins.confirm(bob, await admins.approve(client, bob, changeId));
    const own = world.draw("cs_admin_");
    await call(client, "claim", { adminId, tokenSha256: hashOf(own), phrase: "", locale: "" }, invitation);
    const { enrolment } = await call(client, "beginOwnEnrolment", { requestId: "k", fido: false }, own);
    const device = new TestDevice(adminId);
    return asks(await enrol(device, enrolment), device, ADMINISTRATION);
  };
  const second = await joins("carl");
  expect(second.change?.approvalsNeeded).toBe(1);
  await admins.confirm(anna, second);
  expect(await keyState("carl", ADMINISTRATION)).toBe(KeyState.ACTIVE);
  const third = await joins("dora");
  expect(third.change?.approvalsNeeded).toBe(2);
  await admins.confirm(anna, third);
  expect(await keyState("dora", ADMINISTRATION)).toBe(KeyState.PROVISIONAL);
});

test("an invitation is good for a day", async () => {
  const { client, anna, bob, admins } = world;
  const invitation = world.draw("cs_invite_");
  const value = { adminId: "carl", role: Role.AUDITOR, tenantId: "", invitationSha256: hashOf(invitation) };
  const asked = await admins.request(client, anna, { $case: "createAdmin", value });
  await admins.confirm(anna, asked);
  await admins.confirm(bob, await admins.approve(client, bob, asked.change?.changeId ?? ""));
  admins.world.clock.advance(24 * 3_600_000);
  const claim = { adminId: "carl", tokenSha256: hashOf(world.draw("cs_admin_")), phrase: "", locale: "" };
  expect((await refused(call(client, "claim", claim, invitation))).reason).toBe("UNAUTHENTICATED");
});
