import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { UDEV_RULE } from "@countersign/key-protocol";
import { tempFolder } from "@countersign/testing";
import { pino } from "pino";
import { HidSource } from "./key/hid-source.ts";
import { KeyRegistry } from "./key/key-registry.ts";
import { deviceService } from "./service/device-service.ts";
import { listenOnSocket } from "./socket-server.ts";
import { DeviceClient } from "./testing/device-client.ts";
import { FakeHid } from "./testing/fake-hid.ts";
import { signRequest } from "./testing/rig.ts";

const log = pino({ level: "silent" });
const folder = tempFolder();

test("D14: a key that this user may not open: every call ends with PERMISSION_DENIED and the udev fix", async () => {
  const registry = new KeyRegistry(log);
  const hid = new FakeHid();
  const source = new HidSource({ registry, log, api: hid, deviceOf: () => "one" });
  const path = join(folder, "run", "daemon.sock");
  const listening = await listenOnSocket(path, deviceService(registry, log));
  const client = new DeviceClient(`unix:${path}`);
  hid.plug({ path: "/dev/hidraw9", vendorId: 0x1209, productId: 1, usagePage: 0xff43, usage: 1, denied: true });
  await source.look();

  expect(await client.listKeys()).toEqual([]);
  for (const call of [
    client.sign(signRequest("00".repeat(16))),
    client.setPin(),
    client.reset(),
    client.verifyUser(),
  ]) {
    await expect(call).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
      reason: "KEY_PERMISSION",
      message: expect.stringContaining(process.platform === "linux" ? UDEV_RULE : "/dev/hidraw9"),
    });
  }

  hid.unplug("/dev/hidraw9");
  await source.look();
  await expect(client.setPin()).rejects.toMatchObject({ code: status.NOT_FOUND, reason: "NO_KEY" });
  client.close();
  await source.close();
  await listening.close();
});
