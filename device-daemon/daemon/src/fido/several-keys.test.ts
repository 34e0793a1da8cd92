import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import type { FidoRegistration } from "@countersign/proto/node/device/v1/device_service";
import { Step } from "@countersign/proto/node/device/v1/device_service";
import { fidoKeyIdOf, toHex } from "@countersign/protocol";
import { AT_ONCE_MS, startChild } from "@countersign/testing";
import { DeviceClient } from "../testing/device-client.ts";
import type { KeyHands } from "../testing/key-hands.ts";
import {
  CODE,
  enrolFidoKey,
  enrolling,
  enrolRequest,
  FIDO_PIN,
  type FidoRig,
  fidoSignRequest,
  RP_ID,
  setFidoPin,
  signing,
  startFidoRig,
} from "../testing/fido-rig.ts";

let rig: FidoRig | undefined;

afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

/** Two keys, both enrolled. Emulators are listed in the order of their arrival, which is not that of their start. */
async function twoKeys(flags: readonly string[] = []): Promise<readonly [FidoRig, FidoRegistration, FidoRegistration]> {
  rig = await startFidoRig({ keys: 2, flags });
  const made: FidoRegistration[] = [];
  for (const hands of rig.allHands) {
    // The key that is touched at the prompt is the one of these hands, whatever it is called.
    for (const { deviceId, pinSet } of await rig.client.listKeys()) if (!pinSet) await setFidoPin(rig, deviceId);
    rig.pinentry.types(FIDO_PIN);
    const enrolled = enrolling(rig, enrolRequest());
    await touchTwice(rig, hands, 1);
    made.push((await enrolled).last!);
  }
  const [first, second] = made as [FidoRegistration, FidoRegistration];
  return [rig, first, second];
}

/** Touched to say which key, then, after `prompts` questions at the PC, touched to do it. */
async function touchTwice({ pinentry }: FidoRig, hands: KeyHands, prompts: number): Promise<void> {
  const asked = pinentry.heard().filter((line) => line === "GETPIN").length;
  await hands.until("fido");
  await hands.press("ok");
  await pinentry.until("GETPIN", asked + prompts);
  await hands.until("fido");
  await hands.press("ok");
}

test("of two keys the one that is touched signs, and the other is let go", async () => {
  const [{ client, allHands, pinentry }, first, second] = await twoKeys();
  const [left, right] = allHands as [(typeof allHands)[number], (typeof allHands)[number]];
  pinentry.types(CODE, FIDO_PIN);
  const signed = signing(client, fidoSignRequest([first.credentialId, second.credentialId]));
  await Promise.all([left.until("fido"), right.until("fido")]);
  await touchTwice(rig!, right, 2);
  await left.until("idle");
  const { steps, last } = await signed;
  expect(steps).toEqual([Step.TOUCH, Step.CODE, Step.PIN, Step.TOUCH]);
  expect(last?.keyId).toBe(toHex(fidoKeyIdOf(RP_ID, second.credentialId)));
}, 400_000);

test("a key that leaves while both wait leaves the choice to the other", async () => {
  const [{ client, allHands, pinentry }, first, second] = await twoKeys();
  const [left, right] = allHands as [(typeof allHands)[number], (typeof allHands)[number]];
  pinentry.types(CODE, FIDO_PIN);
  const signed = signing(client, fidoSignRequest([first.credentialId, second.credentialId]));
  await Promise.all([left.until("fido"), right.until("fido")]);
  await right.unplug();
  await touchTwice(rig!, left, 2);
  expect((await signed).last?.keyId).toBe(toHex(fidoKeyIdOf(RP_ID, first.credentialId)));
}, 400_000);

test("a client that goes while both wait leaves both idle at once", async () => {
  const [{ client, allHands }, first] = await twoKeys();
  const stream = client.startSign(fidoSignRequest([first.credentialId])).on("error", () => undefined);
  await Promise.all(allHands.map((hands) => hands.until("fido")));
  const from = performance.now();
  stream.cancel();
  await Promise.all(allHands.map((hands) => hands.until("idle")));
  expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
}, 400_000);

test("a daemon without a working prompt takes the code by Answer and says that it cannot ask for the PIN", async () => {
  rig = await startFidoRig();
  await setFidoPin(rig);
  const { credentialId } = await enrolFidoKey(rig);
  await rig.daemon.stop();
  const socket = join(rig.folder, "run", "other.sock");
  const daemon = await startChild("device-daemon/daemon/src/main.ts", [
    ...["--socket", socket, "--pinentry", "/bin/false", "--fido-socket", join(rig.folder, "key-1.sock")],
  ]);
  const client = new DeviceClient(`unix:${socket}`);
  await client.untilKeys((keys) => keys.length === 1);
  const request = fidoSignRequest([credentialId]);
  const stream = client.startSign(request);
  const asked = new Promise<void>((resolve) => {
    stream.on("data", ({ event }: { event?: { value: unknown } }) => {
      if (event?.value === Step.CODE) resolve();
    });
  });
  const failed = new Promise<Error>((resolve) => stream.on("error", resolve));
  await asked;
  await client.answer(request.transactionId ?? "", CODE);
  expect(String(await failed)).toContain("pinentry ended before its answer");
  client.close();
  await daemon.stop();
}, 400_000);
