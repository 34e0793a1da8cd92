import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import type { FidoRegistration } from "@countersign/proto/node/device/v1/device_service";
import { CallFailed } from "../testing/device-client.ts";
import {
  CODE,
  enrolFidoKey,
  FIDO_PIN,
  type FidoRig,
  fidoSignRequest,
  setFidoPin,
  signing,
  startFidoRig,
} from "../testing/fido-rig.ts";

let rig: FidoRig;
let registration: FidoRegistration;

beforeAll(async () => {
  rig = await startFidoRig();
  await setFidoPin(rig);
  registration = await enrolFidoKey(rig);
}, 60_000);

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

describe("unplugging", () => {
  test("D10: while the code is asked: KEY_LEFT within a second, and the prompt is closed", async () => {
    rig.pinentry.will("wait");
    const asked = rig.pinentry.heard().filter((line) => line === "GETPIN").length;
    const failed = failureOf(signing(rig.client, fidoSignRequest([registration.credentialId])));
    await rig.pinentry.until("GETPIN", asked + 1);
    const from = performance.now();
    const gone = rig.client.untilKeys((keys) => keys.length === 0);
    await rig.hands.unplug();
    expect(await failed).toMatchObject({ code: status.UNAVAILABLE, reason: "KEY_LEFT" });
    expect(performance.now() - from).toBeLessThan(1000);
    await gone;
    await rig.hands.plug();
    await rig.client.untilKeys((keys) => keys.length === 1);
  });
});

describe("wrong PINs", () => {
  test("a key's first try is told with the tries left, and the third wants the key plugged in anew", async () => {
    types(CODE, "wrong", "still wrong", "not it");
    const failed = await failureOf(signing(rig.client, fidoSignRequest([registration.credentialId])));
    expect(failed).toMatchObject({
      reason: "KEY_REFUSED",
      metadata: { status: "PIN_BLOCKED", ctap: "PIN_AUTH_BLOCKED", retries: "5" },
    });
    expect(failed.message).toContain("unplug the key");
    const told = rig.pinentry.heard().filter((line) => line.startsWith("SETERROR Wrong"));
    expect(told.slice(-2)).toEqual(["SETERROR Wrong PIN, 7 tries left.", "SETERROR Wrong PIN, 6 tries left."]);
    const fewer = await rig.client.untilKeys(([key]) => key?.pinRetries === 5);
    expect(fewer).toHaveLength(1);
  });

  test("after that the right PIN serves, and the tries are back", async () => {
    const gone = rig.client.untilKeys((keys) => keys.length === 0);
    await rig.hands.unplug();
    await gone;
    await rig.hands.plug();
    await rig.client.untilKeys((keys) => keys.length === 1);
    types(CODE, FIDO_PIN);
    const signed = signing(rig.client, fidoSignRequest([registration.credentialId]));
    await rig.hands.until("fido");
    await rig.hands.press("ok");
    expect((await signed).last).toBeDefined();
    await rig.client.untilKeys(([key]) => key?.pinRetries === 8);
  });
});
