import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AT_ONCE_MS } from "@countersign/testing";
import { status } from "@grpc/grpc-js";
import type { FidoRegistration, ResetResponse } from "@countersign/proto/node/device/v1/device_service";
import { CallFailed, collect } from "../testing/device-client.ts";
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

async function replug(): Promise<void> {
  const gone = rig.client.untilKeys((keys) => keys.length === 0);
  await rig.hands.unplug();
  await gone;
  await rig.hands.plug();
  await rig.client.untilKeys((keys) => keys.length === 1);
}

describe("unplugging", () => {
  test("D10: while a touch is awaited: KEY_LEFT at once", async () => {
    types(CODE, FIDO_PIN);
    const failed = failureOf(signing(rig.client, fidoSignRequest([registration.credentialId])));
    await rig.hands.until("fido");
    const from = performance.now();
    const gone = rig.client.untilKeys((keys) => keys.length === 0);
    await rig.hands.unplug();
    expect(await failed).toMatchObject({ code: status.UNAVAILABLE, reason: "KEY_LEFT" });
    expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
    await gone;
    await rig.hands.plug();
    await rig.client.untilKeys((keys) => keys.length === 1);
  });

  test("D10: while the code is asked: KEY_LEFT at once, and the prompt is closed", async () => {
    rig.pinentry.will("wait");
    const asked = rig.pinentry.heard().filter((line) => line === "GETPIN").length;
    const failed = failureOf(signing(rig.client, fidoSignRequest([registration.credentialId])));
    await rig.pinentry.until("GETPIN", asked + 1);
    const from = performance.now();
    const gone = rig.client.untilKeys((keys) => keys.length === 0);
    await rig.hands.unplug();
    expect(await failed).toMatchObject({ code: status.UNAVAILABLE, reason: "KEY_LEFT" });
    expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
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
    await replug();
    types(CODE, FIDO_PIN);
    const signed = signing(rig.client, fidoSignRequest([registration.credentialId]));
    await rig.hands.until("fido");
    await rig.hands.press("ok");
    expect((await signed).last).toBeDefined();
    await rig.client.untilKeys(([key]) => key?.pinRetries === 8);
  });

  test("eight wrong ones block it for good, and say so", async () => {
    const told: CallFailed[] = [];
    for (const tries of [3, 3, 2]) {
      types(CODE, ...Array.from({ length: tries }, () => "wrong"));
      const failed = await failureOf(signing(rig.client, fidoSignRequest([registration.credentialId])));
      told.push(failed);
      if (tries === 3) await replug();
    }
    const blocked = { status: "PIN_BLOCKED", ctap: "PIN_AUTH_BLOCKED" };
    expect(told.at(-1)?.message).toContain("must be reset");
    expect(told.map(({ metadata }) => metadata)).toEqual([
      { ...blocked, retries: "5" },
      { ...blocked, retries: "2" },
      { status: "PIN_BLOCKED", ctap: "PIN_BLOCKED", retries: "0" },
    ]);
  });

  test("a reset with a touch after plugging in makes it new: no PIN, and none of the old credentials", async () => {
    await replug();
    const reset = collect(rig.client.raw.reset({ deviceId: "" }), ({ event }: ResetResponse) => event);
    await rig.hands.until("fido");
    await rig.hands.press("ok");
    expect((await reset).last).toBe(true);
    expect((await rig.client.listKeys())[0]).toMatchObject({ pinSet: false, pinRetries: 0 });
    await setFidoPin(rig);
    types(CODE, FIDO_PIN);
    const failed = await failureOf(signing(rig.client, fidoSignRequest([registration.credentialId])));
    expect(failed.metadata).toEqual({ status: "NO_KEY", ctap: "NO_CREDENTIALS" });
  });
});
