import { randomBytes } from "node:crypto";
import { setTimeout as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import {
  LocalKeyType,
  SignRequest,
  type SignResponse,
  Step,
  VerificationMethod,
} from "@countersign/proto/node/device/v1/device_service";
import {
  decodeEnrolment,
  decodeStatement,
  digitsProofOf,
  parseSigned,
  type Statement,
  toHex,
} from "@countersign/protocol";
import { AT_ONCE_MS, startChild } from "@countersign/testing";
import { CallFailed, collect } from "./testing/device-client.ts";
import { enrol, PIN, type Rig, SERVER_ID, setPin, signRequest, startRig } from "./testing/rig.ts";

let rig: Rig;
let keyId: string;

beforeAll(async () => {
  rig = await startRig();
  await setPin(rig);
  keyId = toHex((await enrol(rig)).keyId);
}, 400_000);

afterAll(async () => {
  await rig.stop();
});

function statementOf(signed: { signedStatement: Buffer } | undefined): Statement {
  return decodeStatement(parseSigned(signed?.signedStatement ?? new Uint8Array(0)).payload);
}

async function approve(pinAsked = true): Promise<void> {
  await rig.hands.readPages();
  if (pinAsked) {
    await rig.hands.until("pin");
    await rig.hands.type(PIN);
  }
  await rig.hands.until("code");
  await rig.hands.type("482915");
}

/** The failure of a call that must fail. */
async function failureOf(call: Promise<unknown>): Promise<CallFailed> {
  const outcome = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (outcome instanceof CallFailed) return outcome;
  throw new Error(`the call did not fail: ${String(outcome)}`);
}

describe("keys", () => {
  test("are listed as they say they are", async () => {
    expect(await rig.client.listKeys()).toEqual([
      {
        deviceId: "TEST-1",
        model: "emulator",
        serial: "TEST-1",
        hasDisplay: true,
        hasKeypad: true,
        pinSet: true,
        pinRetries: 8,
        registryVersion: 1,
        glyphProfile: "latin",
        maxRequest: 1768,
        type: LocalKeyType.COUNTERSIGN,
        hasBiometric: false,
        firmware: "0.1.0",
      },
    ]);
  });

  test("D10: who watches sees a key leave and return", async () => {
    const gone = rig.client.untilKeys((keys) => keys.length === 0);
    await rig.hands.unplug();
    expect(await gone).toEqual([]);
    expect(await failureOf(rig.client.sign(signRequest(keyId)))).toMatchObject({
      code: status.NOT_FOUND,
      reason: "NO_KEY",
    });
    const back = rig.client.untilKeys((keys) => keys.length === 1);
    await rig.hands.plug();
    await back;
    const signing = rig.client.sign(signRequest(keyId));
    await approve();
    expect(statementOf((await signing).last).userVerification).toBe(1);
  });

  test("a wrong PIN is seen in the list", async () => {
    const fewer = rig.client.untilKeys(([key]) => key?.pinRetries === 7);
    const signing = rig.client.sign(signRequest(keyId));
    await rig.hands.readPages();
    await rig.hands.until("pin");
    await rig.hands.type("999999");
    await rig.hands.untilScreen(({ rows }) => rows[1]?.includes("wrong PIN") ?? false);
    await rig.hands.press("reject", "3", "ok");
    await signing;
    expect((await fewer)[0]?.pinRetries).toBe(7);
  });
});

describe("signing", () => {
  test("check 05: each further try after a wrong code is a new present with a new counter", async () => {
    const counters: number[] = [];
    while (counters.length < 2) {
      const signing = rig.client.sign(signRequest(keyId));
      await approve();
      counters.push(statementOf((await signing).last).counter);
    }
    expect((counters[1] ?? 0) - (counters[0] ?? 0)).toBe(1);
  });

  test("of several key ids the first that the key has is taken, and it alone is shown", async () => {
    const strangers = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
    const signing = rig.client.sign(signRequest(keyId, { keyIds: [...strangers, keyId] }));
    await rig.hands.until("pages");
    await rig.hands.press("reject", "1", "ok");
    expect((await signing).last?.rejected).toBe(true);
  });

  test("no key id that the key has: refused with status NO_KEY", async () => {
    const failed = await failureOf(rig.client.sign(signRequest(randomBytes(16).toString("hex"))));
    expect(failed).toMatchObject({ code: status.ABORTED, reason: "KEY_REFUSED", metadata: { status: "NO_KEY" } });
  });

  test("threat 05: a foreign server id is refused by the key", async () => {
    const failed = await failureOf(rig.client.sign(signRequest(keyId, { serverId: "00".repeat(16) })));
    expect(failed).toMatchObject({ reason: "KEY_REFUSED", metadata: { status: "NOT_ALLOWED" } });
  });

  test.each([
    ["key_ids[0]", { keyIds: ["xyz"] }],
    ["key_ids", { keyIds: [] }],
    ["key_ids", { keyIds: Array.from({ length: 17 }, () => "00".repeat(16)) }],
    ["server_id", { serverId: SERVER_ID.toUpperCase() }],
    ["transaction_id", { transactionId: "" }],
    ["nonce", { nonce: Buffer.alloc(31) }],
    ["content", { content: Buffer.alloc(0) }],
    ["content", { content: Buffer.alloc(1601) }],
    ["expires_in_s", { expiresInS: 0 }],
    ["expires_in_s", { expiresInS: 601 }],
  ])("D12: a bad request never reaches the key (case %#, %s)", async (field, change) => {
    const failed = await failureOf(rig.client.sign(signRequest(keyId, change)));
    expect(failed).toMatchObject({ code: status.INVALID_ARGUMENT, reason: "BAD_REQUEST" });
    expect(failed.message).toContain(field.replace(/\[0\]$/, ""));
    expect((await rig.hands.look()).lights.busy).toBe(false);
  });

  test("the key's own clock ends an unanswered request", async () => {
    const failed = await failureOf(rig.client.sign(signRequest(keyId, { expiresInS: 1 })));
    expect(failed).toMatchObject({ reason: "KEY_REFUSED", metadata: { status: "USER_TIMEOUT" } });
  });

  test("D11: a client's deadline ends it, too, and the key is idle", async () => {
    const stream = rig.client.startSign(signRequest(keyId), { deadline: Date.now() + 300 });
    const failed = await failureOf(collect(stream, (message: SignResponse) => message.event));
    expect(failed.code).toBe(status.DEADLINE_EXCEEDED);
    await rig.hands.untilScreen(({ lights }) => !lights.busy);
  });
});

/** Starts a Sign and resolves once the key shows it; `ended` is its result or error. */
async function showing(transactionId: string): Promise<{ readonly ended: Promise<unknown> }> {
  const ended = rig.client.sign(signRequest(keyId, { transactionId })).catch((cause: unknown) => cause);
  await rig.hands.until("pages");
  return { ended };
}

describe("D8: clients", () => {
  test("a client's Cancel ends its own Sign", async () => {
    const transactionId = randomBytes(16).toString("hex");
    const { ended } = await showing(transactionId);
    await rig.client.cancel(transactionId);
    expect(await ended).toMatchObject({ reason: "KEY_REFUSED", metadata: { status: "CANCELLED" } });
    await rig.hands.until("idle");
  });

  test("client B cannot cancel A's Sign, though it knows its transaction id", async () => {
    const transactionId = randomBytes(16).toString("hex");
    const { ended } = await showing(transactionId);
    await rig.anotherClient().cancel(transactionId);
    expect((await rig.hands.look()).page).toBe("pages");
    await rig.hands.press("reject", "1", "ok");
    expect(await ended).toMatchObject({ last: { rejected: true } });
  });

  test("a call that is cancelled leaves the key idle at once", async () => {
    const stream = rig.client.startSign(signRequest(keyId)).on("error", () => undefined);
    await rig.hands.until("pages");
    const from = performance.now();
    stream.cancel();
    await rig.hands.until("idle");
    expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
  });

  test("a client that is killed leaves the key idle at once", async () => {
    const request = SignRequest.create(signRequest(keyId));
    const other = await startChild("device-daemon/daemon/src/testing/signing-client-main.ts", [
      rig.address,
      Buffer.from(SignRequest.encode(request).finish()).toString("hex"),
    ]);
    await rig.hands.until("pages");
    const from = performance.now();
    await other.stop("SIGKILL");
    await rig.hands.until("idle");
    expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
  });

  test("eight wait for one key, the next is told so, and they are served in order", async () => {
    const { ended } = await showing(randomBytes(16).toString("hex"));
    const streams = Array.from({ length: 8 }, () => rig.client.startSign(signRequest(keyId)));
    for (const stream of streams) stream.on("error", () => undefined);
    // The ninth is refused at once, which also shows that the eight have arrived.
    const failed = await failureOf(rig.client.sign(signRequest(keyId)));
    expect(failed).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: "KEY_BUSY" });
    for (const stream of streams) stream.cancel();
    await rig.hands.press("reject", "1", "ok");
    expect(await ended).toMatchObject({ last: { rejected: true } });
  });
});

describe("claim 24: VerifyUser", () => {
  test("before anything is sent: PIN once, then Sign asks no second one", async () => {
    const verifying = rig.client.verifyUser();
    await rig.hands.until("pin");
    await rig.hands.type(PIN);
    const session = await verifying;
    expect(session).toMatch(/^[0-9a-f]{32}$/);
    const signing = rig.client.sign(signRequest(keyId, { session }));
    await approve(false);
    const { steps, last } = await signing;
    expect(steps).toEqual([Step.SHOWING, Step.CODE, Step.COMPUTING]);
    expect(statementOf(last).userVerification).toBe(1);
    expect(await failureOf(rig.client.sign(signRequest(keyId, { session })))).toMatchObject({ reason: "NOT_AWAITED" });
  });

  test("serves the Sign that names it and no other client's", async () => {
    const verifying = rig.client.verifyUser();
    await rig.hands.until("pin");
    await rig.hands.type(PIN);
    await verifying;
    const signing = rig.anotherClient().sign(signRequest(keyId));
    await rig.hands.readPages();
    expect((await rig.hands.until("pin")).page).toBe("pin");
    await rig.hands.press("reject", "1", "ok");
    expect(statementOf((await signing).last).userVerification).toBe(0);
  });

  test("a refused PIN entry is KEY_REFUSED; a finger that is not there is UNSUPPORTED", async () => {
    const verifying = failureOf(rig.client.verifyUser());
    await rig.hands.until("pin");
    await rig.hands.press("reject");
    expect(await verifying).toMatchObject({ reason: "KEY_REFUSED", metadata: { status: "USER_DENIED" } });
    const byFinger = await failureOf(rig.client.verifyUser(VerificationMethod.BIOMETRIC));
    expect(byFinger.metadata).toEqual({ status: "UNSUPPORTED" });
  });
});

describe("claim 11: Answer", () => {
  test("is refused by a keypad key, with its code page open", async () => {
    const transactionId = randomBytes(16).toString("hex");
    const signing = rig.client.sign(signRequest(keyId, { transactionId }));
    await rig.hands.readPages();
    await rig.hands.until("pin");
    await rig.hands.type(PIN);
    await rig.hands.until("code");
    const failed = await failureOf(rig.client.answer(transactionId, "482915"));
    expect(failed).toMatchObject({ code: status.FAILED_PRECONDITION, reason: "NOT_AWAITED" });
    expect(failed.message).not.toContain("482915");
    expect((await rig.hands.look()).rows[2]).toContain("_ _ _ _ _ _");
    await rig.hands.press("reject", "1", "ok");
    expect((await signing).last?.rejected).toBe(true);
  });

  test("without a Sign of this client it is refused", async () => {
    expect(await failureOf(rig.client.answer(randomBytes(16).toString("hex"), "482915"))).toMatchObject({
      reason: "NOT_AWAITED",
    });
  });
});

describe("enrolling and PIN", () => {
  test("digits are typed on the key, and a proof of them stands inside the enrolment", async () => {
    const enrolling = rig.client.enrol({
      serverId: SERVER_ID,
      serverName: "Acme Bank",
      challenge: randomBytes(32),
      digits: true,
    });
    await rig.hands.until("enrol");
    await rig.hands.press("ok");
    await rig.hands.until("pin");
    await rig.hands.type(PIN);
    await rig.hands.until("digits");
    await rig.hands.type("73190246");
    await rig.hands.until("fingerprint");
    await rig.hands.press("ok");
    const { last } = await enrolling;
    const { challenge, publicKey, digitsProof } = decodeEnrolment(parseSigned(last ?? new Uint8Array(0)).payload);
    expect(digitsProof).toEqual(digitsProofOf("73190246", challenge, publicKey));
  });

  test("D13: the key shows who it is enrolled with, the daemon's log who asked", async () => {
    const enrolling = failureOf(
      rig.client.enrol({ serverId: SERVER_ID, challenge: randomBytes(32), serverName: "Bank of Testing" }),
    );
    const { rows } = await rig.hands.until("enrol");
    expect(rows.join(" ")).toContain("Bank of Testing");
    await rig.hands.press("reject");
    expect(await enrolling).toMatchObject({ metadata: { status: "USER_DENIED" } });
    const requester = "payments-app 1.0";
    const signing = failureOf(rig.client.sign(signRequest("ff".repeat(16), { requester })));
    expect(await signing).toMatchObject({ metadata: { status: "NO_KEY" } });
    while (!rig.daemon.output().includes(`"requester":"${requester}"`)) await nextTurn(1);
    expect(rig.hands.seen.some(({ rows: each }) => each.join(" ").includes(requester))).toBe(false);
  });

  test("a server name of 21 columns is refused by the daemon, an unsafe one by the key", async () => {
    const request = { serverId: SERVER_ID, challenge: randomBytes(32) };
    expect(await failureOf(rig.client.enrol({ ...request, serverName: "x".repeat(21) }))).toMatchObject({
      reason: "BAD_REQUEST",
    });
    expect(await failureOf(rig.client.enrol({ ...request, serverName: "Acme\u202EBank" }))).toMatchObject({
      reason: "KEY_REFUSED",
      metadata: { status: "UNRENDERABLE", code_point: "U+202E" },
    });
  });

  test("SetPin on a key with PIN asks for the old one first", async () => {
    const changing = rig.client.setPin();
    await rig.hands.until("pin");
    await rig.hands.type(PIN);
    await rig.hands.until("new-pin");
    await rig.hands.type(PIN);
    await rig.hands.until("repeat-pin");
    await rig.hands.type(PIN);
    expect((await changing).last).toBe(true);
  });
});
