import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { decodeEnrolment, fingerprintOf, fromHex, Kind, parseSigned, toHex } from "@countersign/protocol";
import { credentials } from "@grpc/grpc-js";
import {
  KeyServiceBeginEnrolmentRequest,
  KeyServiceClient,
  KeyServiceFinishEnrolmentRequest,
  KeyState,
  type KeyServiceBeginEnrolmentResponse,
  type KeyServiceFinishEnrolmentResponse,
} from "@countersign/proto/node/core/v1/key_service";
import { isRefusal } from "../rpc/refusal.ts";
import { servicesOf } from "../services.ts";
import { call, refused } from "../testing/call.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { serveWorld, type ServedWorld } from "../testing/serve-world.ts";
import { TestDevice } from "../testing/test-device.ts";
import { createUser } from "./create-user.ts";

let world: CoreWorld;
let served: ServedWorld;
let client: KeyServiceClient;
let app: string;
let requests = 0;

beforeEach(async () => {
  world = await CoreWorld.open();
  app = (await world.addApp(world.tenantId, "submit")).token;
  served = await serveWorld(servicesOf(world.given));
  client = new KeyServiceClient(served.address, credentials.createInsecure());
  await newUser("new");
});
afterEach(async () => {
  client.close();
  await served.close();
});

async function newUser(userId: string): Promise<void> {
  const use = {
    tenantId: world.tenantId,
    by: world.appId,
    rpc: "t",
    requestId: `u ${userId}`,
    bodyHash: new Uint8Array(32),
  };
  const made = await createUser(world.given, use, { userId, phrase: "", locale: "en" });
  if (isRefusal(made)) throw new Error(made.message);
}

function begin(
  over: Partial<KeyServiceBeginEnrolmentRequest> = {},
  token = app,
): Promise<KeyServiceBeginEnrolmentResponse> {
  requests += 1;
  const request = KeyServiceBeginEnrolmentRequest.create({ requestId: `r ${requests}`, userId: "new", ...over });
  return call(client, "beginEnrolment", request, token);
}

function finish(
  begun: KeyServiceBeginEnrolmentResponse,
  device: TestDevice,
  { digits, token }: { digits?: string; token?: string } = {},
): Promise<KeyServiceFinishEnrolmentResponse> {
  const given = { serverId: fromHex(begun.serverId), challenge: new Uint8Array(begun.challenge) };
  const signed = device.enrol({ ...given, ...(digits === undefined ? {} : { digits }) });
  const request = KeyServiceFinishEnrolmentRequest.create({
    enrolmentToken: begun.enrolmentToken,
    signedEnrolment: Buffer.from(signed),
  });
  return call(client, "finishEnrolment", request, token);
}

const list = async (userId = "new"): Promise<number[]> =>
  (await call(client, "list", { userId }, app)).keys.map(({ state }) => state);

describe("a first key", () => {
  test("is ACTIVE when the token names its serial; no bearer token is needed to finish", async () => {
    const device = new TestDevice("E-7");
    const begun = await begin({ serial: "E-7" });
    expect(begun).toMatchObject({ serverId: world.given.serverId, serverName: "Example Bank", digits: "" });
    const { key, transaction } = await finish(begun, device);
    expect(key).toMatchObject({
      keyId: toHex(device.keyId),
      userId: "new",
      state: KeyState.ACTIVE,
      serial: "E-7",
      fingerprint: fingerprintOf(device.publicKey),
    });
    expect(transaction).toBeUndefined();
    expect(await list()).toEqual([KeyState.ACTIVE]);
  });

  test("is refused when the token names another serial", async () => {
    const ended = await refused(finish(await begin({ serial: "E-8" }), new TestDevice("E-7")));
    expect(ended.reason).toBe("ATTESTATION_UNTRUSTED");
    expect(await list()).toEqual([]);
  });

  test("is ACTIVE when the digits were typed on it", async () => {
    const begun = await begin({ digits: true });
    expect(begun.digits).toMatch(/^[0-9]{16}$/);
    const { key } = await finish(begun, new TestDevice(), { digits: begun.digits });
    expect(key?.state).toBe(KeyState.ACTIVE);
  });

  test("threat 06: malware that keeps the user's enrolment back cannot enrol a device of its own with what it saw", async () => {
    const begun = await begin({ digits: true });
    const given = { serverId: fromHex(begun.serverId), challenge: new Uint8Array(begun.challenge) };
    const kept = decodeEnrolment(parseSigned(new TestDevice().enrol({ ...given, digits: begun.digits })).payload);
    const map = kept.digitsProof === undefined ? {} : { digitsProof: kept.digitsProof };
    const signed = Buffer.from(new TestDevice("BOUGHT-1").enrol(given, { map }));
    const finishing = call(client, "finishEnrolment", {
      ...KeyServiceFinishEnrolmentRequest.create(),
      enrolmentToken: begun.enrolmentToken,
      signedEnrolment: signed,
    });
    expect((await refused(finishing)).reason).toBe("STATEMENT_MISMATCH");
    expect(await list()).toEqual([]);
  });

  test("wrong digits are refused, and after three the right ones too", async () => {
    const begun = await begin({ digits: true });
    const wrong = String((BigInt(begun.digits) + 1n) % 10n ** 16n).padStart(16, "0");
    for (let i = 0; i < 3; i++) {
      expect((await refused(finish(begun, new TestDevice(), { digits: wrong }))).reason).toBe("STATEMENT_MISMATCH");
    }
    expect((await refused(finish(begun, new TestDevice(), { digits: begun.digits }))).reason).toBe("UNAUTHENTICATED");
  });

  test("no digits where digits were asked for count as wrong ones", async () => {
    expect((await refused(finish(await begin({ digits: true }), new TestDevice()))).reason).toBe("STATEMENT_MISMATCH");
  });

  test("stays PROVISIONAL with neither, until its fingerprint is confirmed", async () => {
    const device = new TestDevice();
    const { key } = await finish(await begin(), device);
    expect(key?.state).toBe(KeyState.PROVISIONAL);
    const keyId = toHex(device.keyId);
    const confirm = (fingerprint: string) => call(client, "confirmFingerprint", { keyId, fingerprint }, app);
    expect((await refused(confirm("0000 0000 0000 0000"))).reason).toBe("BAD_INPUT");
    expect(await list()).toEqual([KeyState.PROVISIONAL]);
    const spelled = ` ${fingerprintOf(device.publicKey).toLowerCase().replaceAll(" ", "")} `;
    expect((await confirm(spelled)).key?.state).toBe(KeyState.ACTIVE);
    expect((await confirm(spelled)).key?.state).toBe(KeyState.ACTIVE);
  });

  test("check 19: is held for high value for 24 h", async () => {
    const device = new TestDevice("E-7");
    await finish(await begin({ serial: "E-7" }), device);
    const user = { tenantId: world.tenantId, userId: "new" };
    const { loadKeys } = await import("./load-keys.ts");
    const [key] = await loadKeys(world.given, user, [toHex(device.keyId)]);
    expect(key?.heldUntil).toBeGreaterThanOrEqual(world.clock.now().getTime() + 24 * 3_600_000);
  });
});

describe("the enrolment token", () => {
  test("is the same for a repeated request, and another body under its request_id is refused", async () => {
    const first = await begin({ requestId: "same", digits: true });
    expect(await begin({ requestId: "same", digits: true })).toEqual(first);
    expect((await refused(begin({ requestId: "same", serial: "E-1" }))).reason).toBe("IDEMPOTENCY_CONFLICT");
  });

  test("is used once: the same enrolment again gets the same answer, another key none", async () => {
    const begun = await begin({ serial: "E-7" });
    const device = new TestDevice("E-7");
    const first = await finish(begun, device);
    expect(await finish(begun, device)).toEqual(first);
    expect((await refused(finish(begun, new TestDevice("E-7")))).reason).toBe("UNAUTHENTICATED");
    expect(await list()).toHaveLength(1);
  });

  test("lapses after 10 minutes", async () => {
    const begun = await begin();
    world.clock.advance(600_001);
    expect((await refused(finish(begun, new TestDevice()))).reason).toBe("UNAUTHENTICATED");
  });

  test.each(["", "cs_enrol_", `cs_enrol_${"A".repeat(54)}`, "cs_app_x"])("%j opens nothing", async (enrolmentToken) => {
    const calling = call(client, "finishEnrolment", KeyServiceFinishEnrolmentRequest.create({ enrolmentToken }));
    expect((await refused(calling)).reason).toBe("UNAUTHENTICATED");
  });

  test("check 28: is of no use to another tenant's app", async () => {
    const begun = await begin();
    const foreign = await foreignApp();
    expect((await refused(finish(begun, new TestDevice(), { token: foreign }))).reason).toBe("UNAUTHENTICATED");
  });
});

describe("a further key", () => {
  test("check 19: is PROVISIONAL and asks for an ENROL that an older key signs", async () => {
    const device = new TestDevice("E-9");
    const { key, transaction, confirmationToken } = await finish(
      await begin({ userId: world.userId, serial: "E-9" }),
      device,
    );
    expect(key?.state).toBe(KeyState.PROVISIONAL);
    expect(transaction).toMatchObject({ kind: Kind.ENROL, keyIds: [world.key.keyId] });
    expect(transaction?.lines.map(({ value }) => value)).toContain(fingerprintOf(device.publicKey));
    expect(confirmationToken).toMatch(/^cs_conf_/);
    const fingerprint = fingerprintOf(device.publicKey);
    const confirm = call(client, "confirmFingerprint", { keyId: toHex(device.keyId), fingerprint }, app);
    expect((await refused(confirm)).reason).toBe("STATE_CONFLICT");
  });

  test("who revoked his last key does not come back by this door", async () => {
    await call(client, "revoke", { keyId: world.key.keyId }, app);
    const ended = await refused(finish(await begin({ userId: world.userId, serial: "E-9" }), new TestDevice("E-9")));
    expect(ended.reason).toBe("KEY_NOT_ACCEPTED");
    expect(await list(world.userId)).toEqual(expect.arrayContaining([KeyState.REVOKED, KeyState.PROVISIONAL]));
  });

  test("a first key that was revoked before it was ever active does not count", async () => {
    const device = new TestDevice("E-1");
    await finish(await begin(), device);
    await call(client, "revoke", { keyId: toHex(device.keyId) }, app);
    const { key } = await finish(await begin({ serial: "E-2" }), new TestDevice("E-2"));
    expect(key?.state).toBe(KeyState.ACTIVE);
  });

  test("a key id that another user has is refused", async () => {
    const device = new TestDevice("E-1");
    await finish(await begin({ serial: "E-1" }), device);
    await newUser("other");
    expect((await refused(finish(await begin({ userId: "other" }), device))).reason).toBe("ALREADY_EXISTS");
  });
});

describe("revoking", () => {
  test("check 21: works at once, and for good", async () => {
    const revoke = () => call(client, "revoke", { keyId: world.key.keyId }, app);
    expect((await revoke()).key?.state).toBe(KeyState.REVOKED);
    expect((await revoke()).key?.state).toBe(KeyState.REVOKED);
    expect((await world.loadKey()).state).toBe("REVOKED");
    const fingerprint = fingerprintOf(world.key.publicKey);
    const told = (await world.deliveries()).flatMap(({ wanted }) => wanted.notice ?? []);
    expect(told).toMatchObject([{ type: "KEY_REVOKED", detail: fingerprint }]);
    const confirm = call(client, "confirmFingerprint", { keyId: world.key.keyId, fingerprint }, app);
    expect((await refused(confirm)).reason).toBe("STATE_CONFLICT");
  });

  test.each([["f".repeat(32)], ["x"], [""], ["F".repeat(32)]])("key_id %j is NOT_FOUND", async (keyId) => {
    expect((await refused(call(client, "revoke", { keyId }, app))).reason).toBe("NOT_FOUND");
  });

  test("check 28: another tenant's key reads as unknown", async () => {
    const foreign = await foreignApp();
    expect((await refused(call(client, "revoke", { keyId: world.key.keyId }, foreign))).reason).toBe("NOT_FOUND");
    expect((await refused(call(client, "list", { userId: world.userId }, foreign))).reason).toBe("NOT_FOUND");
    expect((await refused(begin({ userId: world.userId }, foreign))).reason).toBe("NOT_FOUND");
  });
});

test.each([["SUSPENDED"], ["FROZEN"], ["BLOCKED"]] as const)("no key for a user who is %s", async (state) => {
  await world.changeUser({ state });
  expect((await refused(begin({ userId: world.userId }))).reason).toBe("USER_BLOCKED");
});

test.each([
  [{ requestId: "" }, "request_id"],
  [{ userId: "a b" }, "user_id"],
  [{ serial: "ä" }, "serial"],
  [{ serial: "x".repeat(33) }, "serial"],
])("%j is bad input", async (over, field) => {
  expect(await refused(begin(over))).toMatchObject({ reason: "BAD_INPUT", message: expect.stringContaining(field) });
});

async function foreignApp(): Promise<string> {
  const tenantId = "99".repeat(16);
  await world.addTenant(tenantId, "Other Bank");
  return (await world.addApp(tenantId, "submit")).token;
}
