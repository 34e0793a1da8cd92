import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { EMULATOR_AAGUID, fingerprintOf, fromHex, Kind, toHex } from "@countersign/protocol";
import { credentials } from "@grpc/grpc-js";
import { ConfirmationServiceClient } from "@countersign/proto/node/core/v1/confirmation_service";
import {
  KeyServiceBeginEnrolmentRequest,
  KeyServiceClient,
  KeyServiceFinishEnrolmentRequest,
  KeyState,
  KeyType,
  type KeyServiceBeginEnrolmentResponse,
  type KeyServiceFinishEnrolmentResponse,
} from "@countersign/proto/node/core/v1/key_service";
import {
  VerificationServiceClient,
  VerificationServiceSubmitAssertionRequest,
} from "@countersign/proto/node/core/v1/verification_service";
import { servicesOf } from "../services.ts";
import { call, refused } from "../testing/call.ts";
import { CERTIFICATES, LEAF_AAGUID, LEAF_KEY, ROOTS } from "../testing/attestation-certificates.ts";
import { CoreWorld, newTestKey } from "../testing/core-world.ts";
import { serveWorld, type ServedWorld } from "../testing/serve-world.ts";
import { TestDevice } from "../testing/test-device.ts";
import { TestFidoKey, type AssertChange } from "../testing/test-fido-key.ts";
import { registrationOf, type RegisterChange } from "../testing/test-registration.ts";
import type { Transaction } from "../transaction/transaction.ts";

let world: CoreWorld;
let served: ServedWorld;
let keys: KeyServiceClient;
let verification: VerificationServiceClient;
let confirmation: ConfirmationServiceClient;
let app: string;
let requests = 0;

async function open(policy: Readonly<Record<string, unknown>> = {}, development = true): Promise<void> {
  world = await CoreWorld.open({ policy });
  app = (await world.addApp(world.tenantId, "submit")).token;
  served = await serveWorld(servicesOf({ ...world.given, development }));
  const insecure = credentials.createInsecure();
  keys = new KeyServiceClient(served.address, insecure);
  verification = new VerificationServiceClient(served.address, insecure);
  confirmation = new ConfirmationServiceClient(served.address, insecure);
}

async function close(): Promise<void> {
  for (const client of [keys, verification, confirmation]) client.close();
  await served.close();
}

beforeEach(() => open());
afterEach(close);

/** The user as if he had never had a key. */
async function withoutKey(): Promise<void> {
  await world.changeKey(world.identity, world.key.keyId, { state: "REVOKED", neverActive: true });
}

function begin(over: Partial<KeyServiceBeginEnrolmentRequest> = {}): Promise<KeyServiceBeginEnrolmentResponse> {
  requests += 1;
  const asked = { requestId: `r ${requests}`, userId: world.userId, fido: true, ...over };
  return call(keys, "beginEnrolment", KeyServiceBeginEnrolmentRequest.create(asked), app);
}

function finish(
  begun: KeyServiceBeginEnrolmentResponse,
  key: TestFidoKey,
  change: RegisterChange & { readonly name?: string } = {},
): Promise<KeyServiceFinishEnrolmentResponse> {
  const made = registrationOf(key, new Uint8Array(begun.challenge), change);
  const request = KeyServiceFinishEnrolmentRequest.create({
    enrolmentToken: begun.enrolmentToken,
    name: change.name ?? "",
    fido: {
      credentialId: Buffer.from(made.credentialId),
      clientDataJson: Buffer.from(made.clientDataJson),
      attestationObject: Buffer.from(made.attestationObject),
      transports: [...made.transports],
    },
  });
  return call(keys, "finishEnrolment", request);
}

function keyFor(begun: KeyServiceBeginEnrolmentResponse, aaguid?: string): TestFidoKey {
  const rpId = begun.fido?.rpId ?? "";
  return new TestFidoKey(rpId, aaguid === undefined ? undefined : fromHex(aaguid.replaceAll("-", "")));
}

async function submit(key: TestFidoKey, of: Transaction, change: AssertChange = {}): Promise<string> {
  const { keyId, ...parts } = key.assertion(world, of, change);
  const request = VerificationServiceSubmitAssertionRequest.create({
    transactionId: of.txId,
    keyId: toHex(keyId),
    statement: Buffer.from(parts.statement),
    authenticatorData: Buffer.from(parts.authenticatorData),
    clientDataJson: Buffer.from(parts.clientDataJson),
    signature: Buffer.from(parts.signature),
  });
  await call(verification, "submitAssertion", request, app);
  return (await world.transaction(of.txId)).state;
}

describe("check 19: a first FIDO2 key", () => {
  test("check 19: is asked for by the installation's own relying party, and waits for a person", async () => {
    await withoutKey();
    const begun = await begin();
    expect(begun.fido).toMatchObject({
      ...{ rpId: `${world.given.serverId}.countersign.invalid`, userName: world.userId, exclude: [] },
      ...{ platformAllowed: false, attestationWanted: false },
    });
    expect(begun.fido?.userHandle).toHaveLength(32);
    const key = keyFor(begun);
    const { key: enrolled, transaction } = await finish(begun, key, { name: "Blue key", signCount: 3 });
    expect(transaction).toBeUndefined();
    expect(enrolled).toMatchObject({
      ...{ keyId: key.keyId, state: KeyState.PROVISIONAL, type: KeyType.FIDO2, name: "Blue key", attested: false },
      ...{ model: "FIDO2 key", hasDisplay: false, hasKeypad: false, fingerprint: fingerprintOf(key.publicKey) },
      fido: {
        aaguid: "00000000-0000-0000-0000-000000000000",
        signCount: 3,
        backupEligible: false,
        transports: ["usb"],
      },
    });
    await expect(world.pending()).rejects.toThrow("KEY_NOT_ACCEPTED");
    const fingerprint = fingerprintOf(key.publicKey);
    const confirmed = await call(keys, "confirmFingerprint", { keyId: key.keyId, fingerprint }, app);
    expect(confirmed.key?.state).toBe(KeyState.ACTIVE);
    const held = confirmed.key?.heldUntil;
    expect(Number(held?.seconds)).toBeGreaterThanOrEqual(world.given.store.now() / 1000 + 24 * 3600);
  });

  test("check 19: signs then, in mode C; what is asked of it stands in the transaction", async () => {
    await withoutKey();
    const begun = await begin();
    const key = keyFor(begun);
    await finish(begun, key);
    await call(keys, "confirmFingerprint", { keyId: key.keyId, fingerprint: fingerprintOf(key.publicKey) }, app);
    const { transaction: of, confirmationToken } = await world.create();
    const told = await call(confirmation, "get", {}, confirmationToken);
    expect(told).toMatchObject({ keyIds: [key.keyId], fido: { rpId: key.rpId } });
    expect(told.fido?.keys.map(({ keyId, credentialId }) => [keyId, new Uint8Array(credentialId)])).toEqual([
      [key.keyId, key.credentialId],
    ]);
    expect(await submit(key, of)).toBe("CONFIRMED");
  });

  test("threat 06: does not spend a token that is bound to a serial or to digits, nor the other way round", async () => {
    await withoutKey();
    const bound = await begin({ fido: false, serial: "E-1" });
    expect(await refused(finish(bound, keyFor(await begin())))).toMatchObject({ reason: "STATEMENT_MISMATCH" });
    const begun = await begin();
    const challenge = new Uint8Array(begun.challenge);
    const signed = new TestDevice("E-1").enrol({ serverId: fromHex(begun.serverId), challenge });
    const request = KeyServiceFinishEnrolmentRequest.create({
      enrolmentToken: begun.enrolmentToken,
      signedEnrolment: Buffer.from(signed),
    });
    expect(await refused(call(keys, "finishEnrolment", request))).toMatchObject({ reason: "STATEMENT_MISMATCH" });
  });

  test.each([{ serial: "E-1" }, { digits: true }])("cannot be bound by %j, which it could not prove", async (over) => {
    expect(await refused(begin(over))).toMatchObject({ reason: "BAD_INPUT" });
  });
});

describe("check 19: a further FIDO2 key", () => {
  test("check 19: is signed for by an old key, with notice, and held 24 hours for high value", async () => {
    const begun = await begin();
    const key = keyFor(begun);
    const { key: enrolled, transaction } = await finish(begun, key);
    expect(enrolled?.state).toBe(KeyState.PROVISIONAL);
    expect(transaction).toMatchObject({ kind: Kind.ENROL, keyIds: [world.key.keyId] });
    expect(transaction?.lines.map(({ value }) => value)).toContain(fingerprintOf(key.publicKey));
    expect(transaction?.lines.map(({ value }) => value)).toContain("FIDO2 key, not attested");
    const confirming = call(
      keys,
      "confirmFingerprint",
      { keyId: key.keyId, fingerprint: fingerprintOf(key.publicKey) },
      app,
    );
    expect(await refused(confirming)).toMatchObject({ reason: "STATE_CONFLICT" });
    const of = await world.transaction(transaction?.transactionId ?? "");
    const signed = Buffer.from(world.signed(of));
    await call(verification, "submitStatement", { transactionId: of.txId, signedStatement: signed }, app);
    expect(await world.loadKey(key.keyId)).toMatchObject({ state: "ACTIVE" });
  });

  test("check 19: one that the user has already is told to refuse", async () => {
    const begun = await begin();
    const key = keyFor(begun);
    await finish(begun, key);
    expect((await begin()).fido?.exclude.map(({ keyId }) => keyId)).toEqual([key.keyId]);
    await world.changeKey(world.identity, key.keyId, { state: "REVOKED" });
    expect((await begin()).fido?.exclude).toEqual([]);
  });

  test("the same registration again gets the same answer; another under a spent token is refused", async () => {
    const begun = await begin();
    const key = keyFor(begun);
    const first = await finish(begun, key);
    expect((await finish(begun, key)).transaction?.transactionId).toBe(first.transaction?.transactionId);
    expect(await refused(finish(begun, keyFor(begun)))).toMatchObject({ reason: "UNAUTHENTICATED" });
  });

  test("a name that could be taken for something else is refused", async () => {
    const begun = await begin();
    expect(await refused(finish(begun, keyFor(begun), { name: "key\u202e" }))).toMatchObject({ reason: "BAD_INPUT" });
  });
});

describe("what the policy says of FIDO2 keys", () => {
  const attestation = { key: LEAF_KEY, x5c: [CERTIFICATES.leaf] };
  const fidoRoots = [{ certificate: ROOTS.test }];

  test("its own pages and domain", async () => {
    await close();
    await open({ webauthn: { rpId: "bank.example", origins: ["https://bank.example"] }, fidoRoots });
    expect((await begin()).fido).toMatchObject({ rpId: "bank.example", attestationWanted: true });
  });

  test("a list of models takes attested keys of these alone", async () => {
    await close();
    await open({ fidoModels: [LEAF_AAGUID], fidoRoots });
    const begun = await begin();
    expect(await refused(finish(begun, keyFor(begun, LEAF_AAGUID)))).toMatchObject({ reason: "ATTESTATION_UNTRUSTED" });
    const { key } = await finish(begun, keyFor(begun, LEAF_AAGUID), { attestation });
    expect(key).toMatchObject({ attested: true, fido: { aaguid: LEAF_AAGUID } });
  });

  test("without mode C such a key could sign nothing, and is not asked for", async () => {
    await close();
    await open({ modes: ["A", "B"] });
    expect(await refused(begin())).toMatchObject({ reason: "POLICY_UNMET" });
  });

  test("check 19: passkeys are refused unless it takes them, and then labelled", async () => {
    const transports = ["internal", "hybrid"];
    const begun = await begin();
    expect(await refused(finish(begun, keyFor(begun), { transports }))).toMatchObject({
      reason: "ATTESTATION_UNTRUSTED",
    });
    await close();
    await open({ webauthn: { passkeys: "allowed" } });
    const again = await begin();
    expect(again.fido?.platformAllowed).toBe(true);
    const { key } = await finish(again, keyFor(again), { transports, flags: 0x5d });
    expect(key).toMatchObject({
      type: KeyType.PASSKEY,
      model: "Passkey",
      fido: { backupEligible: true, backedUp: true },
    });
  });

  test.each([
    [true, "taken"],
    [false, "ATTESTATION_UNTRUSTED"],
  ])("threat 06: the emulator's model on a core in development, %s: %s", async (development, answer) => {
    await close();
    await open({}, development);
    const begun = await begin();
    const finished = await finish(begun, keyFor(begun, EMULATOR_AAGUID)).then(
      () => "taken",
      (error: { ended: { reason: string } }) => error.ended.reason,
    );
    expect(finished).toBe(answer);
  });
});

test("a key that was stored before FIDO2 keys existed is read, and told as what it is", async () => {
  const other = newTestKey();
  await world.addKey(world.identity, other);
  const { keys: listed } = await call(keys, "list", { userId: world.userId }, app);
  expect(listed.map(({ type, fido, attested, name }) => ({ type, fido, attested, name }))).toEqual(
    Array.from({ length: 2 }, () => ({ type: KeyType.COUNTERSIGN, fido: undefined, attested: false, name: "" })),
  );
});
