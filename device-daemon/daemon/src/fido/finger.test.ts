import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { decodeAuthData } from "@countersign/key-protocol";
import { AuthFlag } from "@countersign/protocol";
import type { FidoRegistration } from "@countersign/proto/node/device/v1/device_service";
import { Step } from "@countersign/proto/node/device/v1/device_service";
import {
  CODE,
  enrolling,
  enrolRequest,
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
  rig = await startFidoRig({ flags: ["--finger", "on"] });
}, 400_000);

afterAll(async () => {
  await rig.stop();
});

/** Touches whenever it asks, until the call is over: once for the token, and once more where that is no touch yet. */
async function byFinger<T>(call: Promise<T>): Promise<T> {
  const over = call.then(
    () => undefined,
    () => undefined,
  );
  for (let touched = -1; ;) {
    const asks = rig.hands.untilScreen(({ page, version }) => page === "fido" && version > touched);
    const screen = await Promise.race([over, asks]);
    if (screen === undefined) return call;
    touched = screen.version;
    await rig.hands.finger(true);
  }
}

test("a key with fingers is listed so, and enrols by finger alone", async () => {
  expect((await rig.client.listKeys())[0]).toMatchObject({ hasBiometric: true, pinSet: false });
  const { steps, last } = await byFinger(enrolling(rig, enrolRequest()));
  registration = last!;
  expect(steps).toEqual([Step.TOUCH]);
  expect(rig.pinentry.heard()).toEqual([]);
});

test("signs by finger: no PIN is asked, and the user counts as verified", async () => {
  rig.pinentry.types(CODE);
  const { last } = await byFinger(signing(rig.client, fidoSignRequest([registration.credentialId])));
  expect(decodeAuthData(last!.authenticatorData).flags & AuthFlag.USER_VERIFIED).toBe(AuthFlag.USER_VERIFIED);
});

test("wrong fingers until the sensor is blocked: the PIN is asked for", async () => {
  await setFidoPin(rig);
  rig.pinentry.types(CODE, FIDO_PIN);
  const asked = rig.pinentry.heard().filter((line) => line === "GETPIN").length;
  const signed = signing(rig.client, fidoSignRequest([registration.credentialId]));
  await rig.hands.until("fido");
  const pinAsked = rig.pinentry.until("GETPIN", asked + 2).then(() => true);
  for (let done = false; !done;) {
    await rig.hands.finger(false).catch(() => undefined);
    done = await Promise.race([pinAsked, rig.hands.look().then(() => false)]);
  }
  // The last wrong finger may have come so late that it was the touch: presence takes any.
  const { last } = await byFinger(signed);
  expect(decodeAuthData(last!.authenticatorData).flags & AuthFlag.USER_VERIFIED).toBe(AuthFlag.USER_VERIFIED);
});
