import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { testWith } from "@countersign/testing";
import { type HidApi, type HidDevice, nodeHid } from "./hid-api.ts";
import { NodeHidTransport } from "./node-hid-transport.ts";

/** A device as node-hid hands it out: string errors, 65-byte writes. */
class FakeDevice extends EventEmitter implements HidDevice {
  readonly written: Buffer[] = [];
  closed = 0;
  taken = 65;

  async write(report: Buffer): Promise<number> {
    this.written.push(report);
    return this.taken;
  }

  async close(): Promise<void> {
    this.closed++;
    throw new Error("device disconnected");
  }
}

function apiOf(device: FakeDevice): HidApi {
  return { devices: async () => [], open: async () => device };
}

const REPORT = Uint8Array.from({ length: 64 }, (_, at) => at);

test("a report goes out with report number 0 first, and comes in without", async () => {
  const device = new FakeDevice();
  const transport = await NodeHidTransport.open("/dev/hidraw1", apiOf(device));
  await transport.write(REPORT);
  expect(device.written).toEqual([Buffer.from([0, ...REPORT])]);
  const heard: Uint8Array[] = [];
  transport.onReport((report) => heard.push(report));
  device.emit("data", Buffer.from(REPORT));
  expect(heard).toEqual([REPORT]);
});

test("a key that was closed takes nothing more", async () => {
  const device = new FakeDevice();
  const transport = await NodeHidTransport.open("/dev/hidraw1", apiOf(device));
  transport.close();
  await expect(transport.write(REPORT)).rejects.toMatchObject({ fault: "left" });
  expect(device.written).toEqual([]);
});

test("a short write is a fault, not a success", async () => {
  const device = new FakeDevice();
  device.taken = 64;
  const transport = await NodeHidTransport.open("/dev/hidraw1", apiOf(device));
  await expect(transport.write(REPORT)).rejects.toMatchObject({ fault: "garbled" });
});

test("an error event, a string as node-hid sends it, means that the key has left", async () => {
  const device = new FakeDevice();
  const transport = await NodeHidTransport.open("/dev/hidraw1", apiOf(device));
  let left = 0;
  transport.onClose(() => left++);
  device.emit("error", "could not read from HID device");
  device.emit("error", "could not read from HID device");
  expect([left, device.closed]).toEqual([1, 1]);
});

test.each([
  [
    "cannot open device with path /dev/hidraw1: Failed to open a device with path '/dev/hidraw1': Permission denied",
    "permission",
  ],
  [
    "hid_open_path: failed to open IOHIDDevice from mach entry: (0xE00002E2) (iokit/common) not permitted",
    "permission",
  ],
  ["cannot open device with path: (0x00000005) Access is denied.", "permission"],
  ["cannot open device with path /dev/hidraw1", "left"],
])("D14: open failing with %j is %s", async (message, fault) => {
  const api: HidApi = { devices: async () => [], open: async () => Promise.reject(new TypeError(message)) };
  await expect(NodeHidTransport.open("/dev/hidraw1", api)).rejects.toMatchObject({ fault });
});

const libusb = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
const hidTest = testWith(
  "libusb-1.0-0",
  libusb.some((folder) => existsSync(`${folder}/libusb-1.0.so.0`)),
);

hidTest("node-hid itself loads and lists devices", async () => {
  const devices = await nodeHid.devices();
  if (!Array.isArray(devices)) throw new Error("no list of devices");
});
