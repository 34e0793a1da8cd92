import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "./run-tool.ts";

/** Where the kernel's gadgets are set up. */
const CONFIGFS = "/sys/kernel/config";

/** The gadget with the key's two functions. */
export const GADGET_FOLDER: string = `${CONFIGFS}/usb_gadget/key`;

// FIDO is function 0, so /dev/hidg0. One descriptor but for the page: 64 bytes each way.
const PAGES = ["d0f1", "43ff"];
const descriptorOf = (page: string): string =>
  `06${page}0901a1010920150026ff007508954081020921150026ff00750895409102c0`;

/** Sets up a USB device with two HID interfaces; it is plugged in by whoever writes a controller's name into `UDC`. */
export async function makeGadget(serial: string): Promise<void> {
  await mustRun("mount", ["-t", "configfs", "none", CONFIGFS]);
  const put = (name: string, value: string | Uint8Array): void => writeFileSync(join(GADGET_FOLDER, name), value);
  mkdirSync(GADGET_FOLDER);
  put("idVendor", "0x1209");
  put("idProduct", "0x0001");
  put("bcdUSB", "0x0200");
  mkdirSync(join(GADGET_FOLDER, "strings/0x409"));
  put("strings/0x409/serialnumber", serial);
  put("strings/0x409/manufacturer", "Countersign");
  put("strings/0x409/product", "Countersign emulator");
  mkdirSync(join(GADGET_FOLDER, "configs/c.1"));
  for (const [at, page] of PAGES.entries()) {
    const name = `functions/hid.${at}`;
    mkdirSync(join(GADGET_FOLDER, name));
    put(`${name}/protocol`, "0");
    put(`${name}/subclass`, "0");
    put(`${name}/report_length`, "64");
    put(`${name}/report_desc`, Buffer.from(descriptorOf(page), "hex"));
    symlinkSync(join(GADGET_FOLDER, name), join(GADGET_FOLDER, `configs/c.1/hid.${at}`));
  }
}

/** What udev's rules make of a hidraw device, read from `udevadm test`. */
export async function udevTagsOf(path: string): Promise<string> {
  const out = await mustRun("udevadm", ["test", path.replace("/dev/", "/sys/class/hidraw/")]);
  return /^TAGS=(.*)$/m.exec(out)?.[1] ?? `no tags: ${out.slice(-1500)}`;
}

/** Serial number of the device on the bus's first port. */
export function usbSerial(): string {
  return readFileSync("/sys/bus/usb/devices/1-1/serial", "utf8").trim();
}
