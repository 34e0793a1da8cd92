import { createHash, randomBytes, verify, X509Certificate } from "node:crypto";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { type AuthData, type CtapMap, decodeAuthData, decodeCtap, encodeCtap } from "@countersign/key-protocol";
import {
  type Assertion,
  type FidoRegistration,
  LocalKeyType,
  Step,
} from "@countersign/proto/node/device/v1/device_service";
import {
  AuthFlag,
  codeProofOf,
  decodeFidoStatement,
  fidoKeyIdOf,
  faultOfAssertion,
  fromHex,
  importPublicKey,
  parseClientData,
  readAssertion,
  tagOf,
  toHex,
  txDigestOf,
} from "@countersign/protocol";
import { AT_ONCE_MS, ROOT, testWith } from "@countersign/testing";
import { CallFailed } from "../testing/device-client.ts";
import {
  CODE,
  enrolling,
  enrolRequest,
  FIDO_PIN,
  type FidoRig,
  fidoSignRequest,
  RP_ID,
  signing,
  startFidoRig,
} from "../testing/fido-rig.ts";
import { CONTENT } from "../testing/rig.ts";

const PYTHON = join(ROOT, ".peers/python-fido2/bin/python");
const peerTest = testWith("python-fido2", existsSync(PYTHON));

let rig: FidoRig;
let registration: FidoRegistration;

beforeAll(async () => {
  rig = await startFidoRig();
}, 400_000);

afterAll(async () => {
  await rig.stop();
});

/** The failure of a call that must fail. */
async function failureOf(call: Promise<unknown>): Promise<CallFailed> {
  const outcome = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (outcome instanceof CallFailed) return outcome;
  throw new Error(`the call did not fail: ${String(outcome)}`);
}

function types(...texts: string[]): void {
  rig.pinentry.types(...texts);
}

async function touch(): Promise<void> {
  await rig.hands.until("fido");
  await rig.hands.press("ok");
}

function credentialKey(): Uint8Array {
  const { credential } = madeData();
  return encodeCtap(credential?.publicKey ?? new Map());
}

function madeData(): AuthData {
  const object = decodeCtap(registration.attestationObject) as CtapMap;
  return decodeAuthData(object.get("authData") as Uint8Array);
}

function faultOf(assertion: Assertion): unknown {
  const { keyId, statement, authenticatorData, clientDataJson, signature } = assertion;
  const read = readAssertion({ keyId: fromHex(keyId), statement, authenticatorData, clientDataJson, signature });
  return faultOfAssertion(read, importPublicKey(credentialKey()), RP_ID);
}

function withFido(change: object): ReturnType<typeof enrolRequest> {
  const request = enrolRequest();
  return { ...request, fido: { ...request.fido!, ...change } };
}

/** What python-fido2 says of it; nothing when it refuses. */
function verifies(said: object): string {
  const program = join(ROOT, "device-daemon/daemon/src/testing/verify_fido.py");
  return spawnSync(PYTHON, [program], { input: JSON.stringify(said), encoding: "utf8" }).stdout;
}

describe("a FIDO2 key without PIN", () => {
  test("is listed as what it is", async () => {
    expect(await rig.client.listKeys()).toEqual([
      expect.objectContaining({
        type: LocalKeyType.FIDO2,
        deviceId: "fido2-1",
        hasDisplay: false,
        hasKeypad: false,
        hasBiometric: false,
        pinSet: false,
        pinRetries: 0,
      }),
    ]);
  });

  test("is not enrolled: the refusal says to set a PIN, and nobody was asked for anything", async () => {
    const failed = await failureOf(enrolling(rig, enrolRequest()));
    expect(failed).toMatchObject({
      code: status.ABORTED,
      reason: "KEY_REFUSED",
      metadata: { status: "PIN_REQUIRED", ctap: "PIN_NOT_SET" },
    });
    expect(failed.message).toContain("countersign key set-pin");
    expect(rig.pinentry.heard()).toEqual([]);
  });

  test("gets one by the prompt; too short and mistyped ones are asked for again", async () => {
    types("123", FIDO_PIN, "other", FIDO_PIN, FIDO_PIN);
    expect((await rig.client.setPin()).last).toBe(true);
    expect(rig.pinentry.heard().filter((line) => line.startsWith("SETERROR"))).toEqual([
      "SETERROR A PIN has at least 4 characters.",
      "SETERROR The two PINs differ.",
    ]);
    expect((await rig.client.listKeys())[0]).toMatchObject({ pinSet: true, pinRetries: 8 });
  });

  test("changes it after the old one; a wrong old one costs a try and is asked again", async () => {
    types("wrong", "new pin", "new pin", FIDO_PIN, "new pin", "new pin");
    await rig.client.setPin();
    expect(rig.pinentry.heard()).toContain("SETERROR Wrong PIN, 7 tries left.");
    types("new pin", FIDO_PIN, FIDO_PIN);
    await rig.client.setPin();
    expect((await rig.client.listKeys())[0]).toMatchObject({ pinRetries: 8 });
  });
});

describe("enrolling", () => {
  test("makes a credential with the user verified, attested, over the native client data", async () => {
    types(FIDO_PIN);
    const request = enrolRequest();
    const enrolled = enrolling(rig, request);
    await touch();
    const { steps, last } = await enrolled;
    registration = last!;
    expect(steps).toEqual([Step.PIN, Step.TOUCH]);
    expect(registration.transports).toEqual(["usb"]);
    expect(parseClientData(registration.clientDataJson)).toMatchObject({
      type: "webauthn.create",
      origin: "countersign:native",
      challenge: new Uint8Array(request.challenge),
    });
    const data = madeData();
    expect(data.flags & (AuthFlag.USER_PRESENT | AuthFlag.USER_VERIFIED)).toBe(5);
    expect(toHex(data.credential?.credentialId ?? new Uint8Array(0))).toBe(toHex(registration.credentialId));
    expect(data.rpIdHash).toEqual(new Uint8Array(createHash("sha256").update(RP_ID).digest()));
  });

  test("its attestation is signed over exactly that", () => {
    const object = decodeCtap(registration.attestationObject) as CtapMap;
    const statement = object.get("attStmt") as CtapMap;
    const [certificate] = statement.get("x5c") as Uint8Array[];
    const clientDataHash = createHash("sha256").update(registration.clientDataJson).digest();
    const signed = Buffer.concat([object.get("authData") as Uint8Array, clientDataHash]);
    const { publicKey } = new X509Certificate(certificate ?? new Uint8Array(0));
    expect(object.get("fmt")).toBe("packed");
    expect(verify("sha256", signed, publicKey, statement.get("sig") as Uint8Array)).toBe(true);
  });

  test("a key that holds one of the user's credentials is refused", async () => {
    types(FIDO_PIN);
    const failed = failureOf(enrolling(rig, enrolRequest({}, [registration.credentialId])));
    await touch();
    expect(await failed).toMatchObject({ metadata: { status: "NOT_ALLOWED", ctap: "CREDENTIAL_EXCLUDED" } });
  });

  test.each([
    ["challenge", enrolRequest({ challenge: Buffer.alloc(31) })],
    ["server_name", enrolRequest({ serverName: "x".repeat(21) })],
    ["fido.rp_id", withFido({ rpId: "" })],
    ["fido.rp_id", withFido({ rpId: "bank example" })],
    ["fido.user_handle", withFido({ userHandle: Buffer.alloc(65) })],
    ["fido.user_name", withFido({ userName: "" })],
    ["fido.user_name", withFido({ userName: "é".repeat(33) })],
    ["fido.exclude_credential_ids[0]", withFido({ excludeCredentialIds: [Buffer.alloc(1024)] })],
    ["fido.exclude_credential_ids", withFido({ excludeCredentialIds: Array.from({ length: 65 }, () => Buffer.of(1)) })],
    ["device_id", enrolRequest({ fido: undefined, deviceId: "fido2-1" })],
  ])("a bad %s never reaches the key", async (field, request) => {
    const failed = await failureOf(enrolling(rig, request));
    expect(failed).toMatchObject({ code: status.INVALID_ARGUMENT, reason: "BAD_REQUEST" });
    expect(failed.message).toContain(field === "device_id" ? "fido2-1" : field);
  });
});

describe("signing", () => {
  test("code and PIN by the prompt, a touch on the key: an assertion whose challenge is the statement", async () => {
    types(CODE, FIDO_PIN);
    const request = fidoSignRequest([registration.credentialId], { requester: "acme-cli" });
    const signed = signing(rig.client, request);
    await touch();
    const { steps, last } = await signed;
    expect(steps).toEqual([Step.CODE, Step.PIN, Step.TOUCH]);
    const txDigest = txDigestOf(CONTENT);
    const nonce = new Uint8Array(request.nonce!);
    expect(decodeFidoStatement(last!.statement)).toMatchObject({
      txId: fromHex(request.transactionId!),
      nonce,
      txDigest,
      codeProof: codeProofOf(nonce, txDigest, CODE),
    });
    expect(faultOf(last!)).toBeUndefined();
    expect(last?.keyId).toBe(toHex(fidoKeyIdOf(RP_ID, registration.credentialId)));
    const tag = tagOf(fromHex(request.transactionId!), nonce, txDigest);
    const shown = rig.pinentry
      .heard()
      .filter((line) => line.startsWith("SETDESC"))
      .slice(-2);
    for (const text of shown) {
      expect(text).toContain("“acme-cli”");
      expect(text).toContain("“Acme Bank”");
      expect(text).toContain(`Tag: ${tag}`);
    }
    expect(shown[0]).toContain("Compare on your phone first");
    expect(shown[0]).toContain("This PC sees the code");
  });

  peerTest("python-fido2 verifies attestation and assertion, and no other signature", async () => {
    types(CODE, FIDO_PIN);
    const signed = signing(rig.client, fidoSignRequest([registration.credentialId]));
    await touch();
    const { last } = await signed;
    const { statement, authenticatorData, clientDataJson, signature } = last!;
    const said = {
      rpId: RP_ID,
      attestationObject: toHex(registration.attestationObject),
      createClientData: toHex(registration.clientDataJson),
      ...{ statement: toHex(statement), authenticatorData: toHex(authenticatorData), signature: toHex(signature) },
      getClientData: toHex(clientDataJson),
    };
    expect(verifies(said)).toBe(`verified ${toHex(registration.credentialId)}\n`);
    expect(
      verifies({ ...said, authenticatorData: toHex(authenticatorData.with(36, authenticatorData[36]! ^ 1)) }),
    ).toBe("");
  });

  test("the code may come by Answer; the prompt for it is closed", async () => {
    rig.pinentry.will("wait", `answer ${JSON.stringify(FIDO_PIN)}`);
    const request = fidoSignRequest([registration.credentialId]);
    const asked = rig.pinentry.heard().filter((line) => line === "GETPIN").length;
    const signed = signing(rig.client, request);
    await rig.pinentry.until("GETPIN", asked + 1);
    await rig.client.answer(request.transactionId!, CODE);
    await touch();
    const { last } = await signed;
    expect(faultOf(last!)).toBeUndefined();
    const nonce = new Uint8Array(request.nonce!);
    expect(decodeFidoStatement(last!.statement).codeProof).toEqual(codeProofOf(nonce, txDigestOf(CONTENT), CODE));
    expect(await failureOf(rig.client.answer(request.transactionId!, CODE))).toMatchObject({ reason: "NOT_AWAITED" });
  });

  test("digits may be grouped as phones show them; what is no code is asked for again", async () => {
    types("12345", "12x456", " 915-372 ", FIDO_PIN);
    const request = fidoSignRequest([registration.credentialId]);
    const signed = signing(rig.client, request);
    await touch();
    const { last } = await signed;
    const nonce = new Uint8Array(request.nonce!);
    expect(decodeFidoStatement(last!.statement).codeProof).toEqual(codeProofOf(nonce, txDigestOf(CONTENT), CODE));
    expect(rig.pinentry.heard().filter((line) => line === "SETERROR A code has 6 to 10 digits.")).toHaveLength(2);
  });

  test("of several credentials the one that the key has signs", async () => {
    types(CODE, FIDO_PIN);
    const strangers = Array.from({ length: 9 }, () => new Uint8Array(randomBytes(200)));
    const signed = signing(rig.client, fidoSignRequest([...strangers, registration.credentialId]));
    await touch();
    const { last } = await signed;
    expect(last?.keyId).toBe(toHex(fidoKeyIdOf(RP_ID, registration.credentialId)));
    expect(faultOf(last!)).toBeUndefined();
  });

  test("none that the key has: NO_KEY", async () => {
    types(CODE, FIDO_PIN);
    const failed = await failureOf(signing(rig.client, fidoSignRequest([new Uint8Array(randomBytes(64))])));
    expect(failed).toMatchObject({ metadata: { status: "NO_KEY", ctap: "NO_CREDENTIALS" } });
  });

  test("closing the prompt for the code ends it, with nothing asked of the key", async () => {
    rig.pinentry.will("cancel");
    const failed = await failureOf(signing(rig.client, fidoSignRequest([registration.credentialId])));
    expect(failed).toMatchObject({ code: status.ABORTED, reason: "KEY_REFUSED", metadata: { status: "CANCELLED" } });
    expect((await rig.hands.look()).page).toBe("idle");
  });

  test("closing the prompt for the PIN ends it, too", async () => {
    rig.pinentry.will(`answer "${CODE}"`, "cancel");
    const failed = await failureOf(signing(rig.client, fidoSignRequest([registration.credentialId])));
    expect(failed.metadata).toMatchObject({ status: "CANCELLED" });
    expect((await rig.hands.look()).page).toBe("idle");
  });

  test("no on the key is USER_DENIED", async () => {
    types(CODE, FIDO_PIN);
    const failed = failureOf(signing(rig.client, fidoSignRequest([registration.credentialId])));
    await rig.hands.until("fido");
    await rig.hands.press("reject");
    expect(await failed).toMatchObject({ metadata: { status: "USER_DENIED", ctap: "OPERATION_DENIED" } });
  });

  test("D8: a client that goes leaves the key idle at once", async () => {
    types(CODE, FIDO_PIN);
    const stream = rig.client.startSign(fidoSignRequest([registration.credentialId])).on("error", () => undefined);
    await rig.hands.until("fido");
    const from = performance.now();
    stream.cancel();
    await rig.hands.until("idle");
    expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
  });

  test("D8: a client's Cancel ends its own Sign while the code is asked", async () => {
    rig.pinentry.will("wait");
    const request = fidoSignRequest([registration.credentialId]);
    const asked = rig.pinentry.heard().filter((line) => line === "GETPIN").length;
    const failed = failureOf(signing(rig.client, request));
    await rig.pinentry.until("GETPIN", asked + 1);
    await rig.client.cancel(request.transactionId!);
    expect((await failed).metadata).toMatchObject({ status: "CANCELLED" });
  });

  test.each([
    ["transaction_id", { transactionId: "" }],
    ["nonce", { nonce: Buffer.alloc(31) }],
    ["content", { content: Buffer.of(1, 2, 3) }],
    ["rp_id", { rpId: "" }],
    ["expires_in_s", { expiresInS: 0 }],
    ["fido_credentials[0]", { rpId: "other.example" }],
    ["fido_credentials[0]", { keyIds: ["00".repeat(16)] }],
    ["session", { session: "00".repeat(16) }],
  ])("a bad %s (case %#) is refused before anybody is asked", async (field, change) => {
    const asked = rig.pinentry.asked();
    const failed = await failureOf(signing(rig.client, fidoSignRequest([registration.credentialId], change)));
    expect(["BAD_REQUEST", "NOT_AWAITED"]).toContain(failed.reason);
    expect(failed.message).toContain(field);
    expect(rig.pinentry.asked()).toEqual(asked);
  });

  // At the end of those that ask: a pinentry that starts only now must not take an answer that is meant for the next one.
  test("the time of the transaction ends it: USER_TIMEOUT, with nothing asked of the key", async () => {
    rig.pinentry.will("wait");
    const request = fidoSignRequest([registration.credentialId], { expiresInS: 1 });
    expect(await failureOf(signing(rig.client, request))).toMatchObject({ metadata: { status: "USER_TIMEOUT" } });
    expect((await rig.hands.look()).page).toBe("idle");
  });
});

test("pinentry heard nothing that Assuan does not allow", () => {
  expect(rig.pinentry.heard().filter((line) => line.startsWith("VIOLATION"))).toEqual([]);
});
