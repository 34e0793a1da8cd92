import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { AT_ONCE_MS } from "@countersign/testing";
import { status } from "@grpc/grpc-js";
import { ResetRequest, Step } from "@countersign/proto/node/device/v1/device_service";
import { toHex } from "@countersign/protocol";
import { CallFailed } from "./testing/device-client.ts";
import { enrol, PIN, type Rig, setPin, signRequest, startRig } from "./testing/rig.ts";

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

/** A reset is taken for 10 s after this. */
async function replug(): Promise<void> {
  const gone = rig.client.untilKeys((keys) => keys.length === 0);
  await rig.hands.unplug();
  await gone;
  const back = rig.client.untilKeys((keys) => keys.length === 1);
  await rig.hands.plug();
  await back;
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
}

test("a reset that the user refuses on the key wipes nothing", async () => {
  await replug();
  const resetting = failureOf(rig.client.reset());
  await rig.hands.until("reset");
  await rig.hands.press("ok", "ok", "reject");
  expect(await resetting).toMatchObject({
    code: status.ABORTED,
    reason: "KEY_REFUSED",
    metadata: { status: "USER_DENIED" },
  });
  expect(await rig.client.listKeys()).toMatchObject([{ pinSet: true }]);
});

test("D8: a caller who goes while the key asks leaves it idle and whole", async () => {
  await replug();
  const stream = rig.client.raw.reset(ResetRequest.create());
  const ended = new Promise((resolve) => stream.once("error", resolve));
  await rig.hands.until("reset");
  const from = performance.now();
  stream.cancel();
  await ended;
  await rig.hands.until("idle");
  expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
  expect(await rig.client.listKeys()).toMatchObject([{ pinSet: true }]);
});

test("a reset that the user confirms wipes PIN and credentials, and the list says so", async () => {
  await replug();
  const resetting = rig.client.reset({ deviceId: "TEST-1" });
  await rig.hands.until("reset");
  await rig.hands.press("ok", "ok", "ok");
  expect(await resetting).toEqual({ steps: expect.arrayContaining([Step.SHOWING]), last: true });
  expect(await rig.client.listKeys()).toMatchObject([{ pinSet: false, pinRetries: 8 }]);
  await setPin(rig, PIN);
  const failed = await failureOf(rig.client.sign(signRequest(keyId)));
  expect(failed).toBeInstanceOf(CallFailed);
  expect(failed).toMatchObject({ reason: "KEY_REFUSED", metadata: { status: "NO_KEY" } });
});

test("which key is to be wiped is not guessed", async () => {
  expect(await failureOf(rig.client.reset({ deviceId: "OTHER" }))).toMatchObject({ reason: "NO_KEY" });
});
