import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fingerprintOf, fromHex, toHex } from "@countersign/protocol";
import { credentials } from "@grpc/grpc-js";
import {
  KeyServiceBeginEnrolmentRequest,
  KeyServiceClient,
  KeyServiceFinishEnrolmentRequest,
  KeyState,
} from "@countersign/proto/node/core/v1/key_service";
import { LinkServiceClient } from "@countersign/proto/node/core/v1/link_service";
import { UserServiceClient, UserServiceCreateRequest } from "@countersign/proto/node/core/v1/user_service";
import { servicesOf } from "../services.ts";
import { call, refused } from "../testing/call.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { serveWorld, type ServedWorld } from "../testing/serve-world.ts";
import { TestDevice } from "../testing/test-device.ts";

const MODEL = "Model 1";

let world: CoreWorld;
let served: ServedWorld;
let keys: KeyServiceClient;
let users: UserServiceClient;
let links: LinkServiceClient;
let submit: string;
let execute: string;
/** Anybody can buy one. */
let bought: TestDevice;

beforeEach(async () => {
  bought = new TestDevice("BOUGHT-1", MODEL);
  const attestationKeys = [{ model: MODEL, publicKey: toHex(bought.attestationPublicKey) }];
  world = await CoreWorld.open({ policy: { keyModels: [MODEL, "emulator"], attestationKeys } });
  submit = (await world.addApp(world.tenantId, "submit")).token;
  execute = (await world.addApp(world.tenantId, "execute")).token;
  served = await serveWorld(servicesOf({ ...world.given, development: false }));
  keys = new KeyServiceClient(served.address, credentials.createInsecure());
  users = new UserServiceClient(served.address, credentials.createInsecure());
  links = new LinkServiceClient(served.address, credentials.createInsecure());
  await call(users, "create", UserServiceCreateRequest.create({ requestId: "u", userId: "new" }), submit);
});
afterEach(async () => {
  for (const client of [keys, users, links]) client.close();
  await served.close();
});

const begin = (over: Partial<KeyServiceBeginEnrolmentRequest>, token: string) =>
  call(
    keys,
    "beginEnrolment",
    KeyServiceBeginEnrolmentRequest.create({ requestId: "r", userId: "new", ...over }),
    token,
  );

async function enrol(over: Partial<KeyServiceBeginEnrolmentRequest>, token: string): Promise<KeyState | undefined> {
  const begun = await begin(over, token);
  const given = { serverId: fromHex(begun.serverId), challenge: new Uint8Array(begun.challenge) };
  const signed = Buffer.from(bought.enrol({ ...given, ...(begun.digits === "" ? {} : { digits: begun.digits }) }));
  const done = await call(
    keys,
    "finishEnrolment",
    KeyServiceFinishEnrolmentRequest.create({ enrolmentToken: begun.enrolmentToken, signedEnrolment: signed }),
    token,
  );
  return done.key?.state;
}

const confirm = (token: string) => {
  const fingerprint = fingerprintOf(bought.publicKey);
  return call(keys, "confirmFingerprint", { keyId: toHex(bought.keyId), fingerprint }, token);
};

describe("threat 06: malware that holds the submit token of a user's PC", () => {
  test("threat 06: cannot make its own key the first of a user: not by serial, digits or fingerprint", async () => {
    expect((await refused(enrol({ serial: bought.serial }, submit))).reason).toBe("NOT_ALLOWED");
    expect((await refused(enrol({ digits: true }, submit))).reason).toBe("NOT_ALLOWED");
    expect(await enrol({}, submit)).toBe(KeyState.PROVISIONAL);
    expect((await refused(confirm(submit))).reason).toBe("NOT_ALLOWED");
    const { keys: known } = await call(keys, "list", { userId: "new" }, submit);
    expect(known.map(({ state }) => state)).toEqual([KeyState.PROVISIONAL]);
  });

  test("cannot take from a user what he does not get back by his own key", async () => {
    const { userId, key, linkId } = world;
    const tries = [
      call(keys, "revoke", { keyId: key.keyId }, submit),
      call(users, "suspend", { userId }, submit),
      call(links, "reorder", { userId, linkIds: [linkId] }, submit),
    ];
    for (const one of tries) expect((await refused(one)).reason).toBe("NOT_ALLOWED");
    expect((await world.loadKey()).state).toBe("ACTIVE");
    expect((await world.user()).state).toBe("ACTIVE");
  });
});

describe("the relying party's own server", () => {
  test("binds a first key by serial, by digits or by the fingerprint that the user read to it", async () => {
    expect(await enrol({ serial: bought.serial }, execute)).toBe(KeyState.ACTIVE);
    await call(users, "create", UserServiceCreateRequest.create({ requestId: "u2", userId: "other" }), submit);
    bought = Object.assign(new TestDevice("BOUGHT-2", MODEL), { attestationKey: bought.attestationKey });
    expect(await enrol({ userId: "other", requestId: "r2" }, submit)).toBe(KeyState.PROVISIONAL);
    expect((await confirm(execute)).key?.state).toBe(KeyState.ACTIVE);
  });

  test("revokes, suspends and reorders", async () => {
    const { userId, key, linkId } = world;
    expect((await call(links, "reorder", { userId, linkIds: [linkId] }, execute)).channels).toHaveLength(1);
    expect((await call(keys, "revoke", { keyId: key.keyId }, execute)).key?.state).toBe(KeyState.REVOKED);
    await call(users, "suspend", { userId }, execute);
    expect((await world.user()).state).toBe("SUSPENDED");
  });
});

test("a development core, which enrols anything, takes the submit token for all of it", async () => {
  await served.close();
  served = await serveWorld(servicesOf(world.given));
  keys.close();
  keys = new KeyServiceClient(served.address, credentials.createInsecure());
  expect(await enrol({ serial: bought.serial }, submit)).toBe(KeyState.ACTIVE);
});
