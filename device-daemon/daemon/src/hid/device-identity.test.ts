import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { deviceOf } from "./device-identity.ts";

const sys = tempFolder();

/** A hidraw node below `place`, as the kernel's sysfs has it. */
function node(name: string, place: string): void {
  mkdirSync(join(sys, "devices", place), { recursive: true });
  mkdirSync(join(sys, "class/hidraw", name), { recursive: true });
  symlinkSync(join(sys, "devices", place), join(sys, "class/hidraw", name, "device"));
}

function usbDevice(place: string): void {
  mkdirSync(join(sys, "devices", place), { recursive: true });
  writeFileSync(join(sys, "devices", place, "idVendor"), "1209\n");
}

usbDevice("pci/usb1/1-1");
usbDevice("pci/usb1/1-2");
node("hidraw0", "pci/usb1/1-1/1-1:1.0/0003:1209:0001.0001");
node("hidraw1", "pci/usb1/1-1/1-1:1.1/0003:1209:0001.0002");
node("hidraw2", "pci/usb1/1-2/1-2:1.0/0003:1209:0001.0003");
node("hidraw3", "virtual/misc/uhid/0003:1209:0001.0004");
node("hidraw4", "virtual/misc/uhid/0003:1209:0001.0005");

function identity(path: string, serialNumber?: string): string {
  const serial = serialNumber === undefined ? {} : { serialNumber };
  return deviceOf({ path, vendorId: 0x1209, productId: 1, ...serial }, sys);
}

test("two interfaces of one USB device are one device, whatever serial they give", () => {
  expect(identity("/dev/hidraw0", "A")).toBe(identity("/dev/hidraw1", "B"));
});

test("threat 18: the same ids and serial on another port are another device", () => {
  expect(identity("/dev/hidraw0", "SAME")).not.toBe(identity("/dev/hidraw2", "SAME"));
});

test("without a port, ids and serial tell; no USB device can pass for one of these", () => {
  expect(identity("/dev/hidraw3", "EMU-1")).toBe(identity("/dev/hidraw4", "EMU-1"));
  expect(identity("/dev/hidraw3", "EMU-1")).not.toBe(identity("/dev/hidraw4", "EMU-2"));
  expect(identity("/dev/hidraw3", "EMU-1")).not.toBe(identity("/dev/hidraw0", "EMU-1"));
});

test.each([undefined, ""])("without port and serial (%j) an interface stands for itself", (serial) => {
  expect(identity("/dev/hidraw3", serial)).not.toBe(identity("/dev/hidraw4", serial));
});

test.each(["/dev/../etc/hidraw0", "/dev/hidraw99", "\\\\?\\hid#vid_1209"])(
  "a path that sysfs does not know: %s",
  (path) => {
    expect(identity(path, "S")).toBe("serial 4617:1:S");
  },
);
