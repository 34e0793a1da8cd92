import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { startChild } from "@countersign/testing";
import { CallFailed, DeviceClient } from "./testing/device-client.ts";
import { KeyHands } from "./testing/key-hands.ts";
import { startRig } from "./testing/rig.ts";

test("D10: 100 replugs leak no descriptor", async () => {
  const rig = await startRig();
  const descriptors = (): number => readdirSync(`/proc/${rig.daemon.process.pid}/fd`).length;
  const replug = async (): Promise<void> => {
    const gone = rig.client.untilKeys((keys) => keys.length === 0);
    await rig.hands.unplug();
    await gone;
    const back = rig.client.untilKeys((keys) => keys.length === 1);
    await rig.hands.plug();
    await back;
  };
  await replug();
  const before = descriptors();
  for (let at = 0; at < 100; at++) await replug();
  // One a replug would be a hundred; the daemon may just be looking for something.
  expect(descriptors()).toBeLessThan(before + 50);
  await rig.stop();
}, 400_000);

test("the key may come after the daemon, and go and come as another process; two keys are told apart", async () => {
  const rig = await startRig();
  const second = join(rig.folder, "second.sock");
  const daemon = await startChild("device-daemon/daemon/src/main.ts", [
    ...["--socket", join(rig.folder, "two", "daemon.sock"), "--key-socket", rig.keySocket, "--key-socket", second],
  ]);
  const client = new DeviceClient(String(daemon.ready["socket"]));
  await client.untilKeys((keys) => keys.length === 1);
  const key = ["--socket", second, "--store", join(rig.folder, "second"), "--serial", "TEST-2"];
  const emulator = await startChild("device-daemon/emulator/src/main.ts", key);
  const two = await client.untilKeys((keys) => keys.length === 2);
  expect(two.map(({ deviceId }) => deviceId)).toEqual(["TEST-1", "TEST-2"]);

  const several = await client.setPin().catch((cause: unknown) => cause);
  expect(several).toBeInstanceOf(CallFailed);
  expect(several).toMatchObject({ reason: "SEVERAL_KEYS" });
  const setting = client.setPin({ deviceId: "TEST-2" }).catch((cause: unknown) => cause);
  const hands = new KeyHands(String(emulator.ready["control"]));
  await hands.until("new-pin");
  expect((await rig.hands.look()).page).toBe("idle");

  await emulator.stop("SIGKILL");
  expect(await setting).toMatchObject({ reason: "KEY_LEFT" });
  await client.untilKeys((keys) => keys.length === 1);
  const again = await startChild("device-daemon/emulator/src/main.ts", key);
  await client.untilKeys((keys) => keys.length === 2);
  client.close();
  await Promise.all([again.stop(), daemon.stop()]);
  await rig.stop();
}, 400_000);
